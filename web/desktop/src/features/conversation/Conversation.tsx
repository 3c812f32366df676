import { Button } from '@twilio-paste/core/button';
import { Spinner } from '@twilio-paste/core/spinner';
import { act } from '../../actions';
import { useAppSelector } from '../../state/selectors';
import { Composer } from './Composer';
import styles from './Conversation.module.css';
import { channelName } from './model';
import { Transcript } from './Transcript';

/** The conversation of a task: what was said, and, while it is in hand, the place to write. */
export function Conversation({ sid, writing }: { sid: string; writing: boolean }) {
  const conversation = useAppSelector((state) => state.flex.chat.conversations[sid]);
  const connection = useAppSelector((state) => state.flex.chat.connectionState);

  if (conversation?.fault) {
    return (
      <section className={styles.instead} data-testid="conversation-fault">
        <p role="alert">The conversation cannot be opened: {conversation.fault}</p>
        <Button
          variant="secondary"
          onClick={() => void act('OpenConversation', { conversationSid: sid })}
        >
          Try again
        </Button>
      </section>
    );
  }
  if (!conversation || conversation.isLoading) {
    return (
      <section className={styles.instead} aria-busy="true">
        <Spinner decorative={false} title="Opening the conversation" delay={300} />
      </section>
    );
  }
  const { talk, input } = conversation;
  const channels = [...new Set(talk.others.map((one) => one.channel))];
  return (
    <section className={styles.conversation} aria-label="Conversation" data-testid="conversation">
      <header className={styles.people}>
        {talk.others.length === 0
          ? 'Nobody else is here'
          : `With ${talk.others.map((one) => one.name || one.identity || 'the customer').join(', ')}`}
        {channels.length > 0 && <span>{channels.map(channelName).join(', ')}</span>}
      </header>
      {connection !== 'connected' && (
        <p className={styles.offline} role="status">
          No connection to the conversation. What you write goes out when it is back.
        </p>
      )}
      <Transcript
        conversationSid={sid}
        talk={talk}
        label="Messages"
        onEarlier={() => void act('ShowEarlierMessages', { conversationSid: sid })}
      />
      {writing && !talk.closed ? (
        <Composer conversationSid={sid} input={input} sms={channels.includes('sms')} />
      ) : (
        <p className={styles.over} role="status" data-testid="conversation-over">
          {talk.closed
            ? 'This conversation is closed.'
            : 'You are wrapping up: nothing can be written any more.'}
        </p>
      )}
    </section>
  );
}
