/** The channel behind a conversation's task, as Flex's own SDK reaches it: through the event bridge, with the agent's token. */
import { request } from './client';
import type { WorkerToken } from './session';

export interface ChannelOfTask {
  interactionSid: string;
  channelSid: string;
}

interface Participant {
  sid: string;
  type: string;
  routing_properties: { reservation_sid?: string } | null;
}

export type HowToResume = 'worker' | 'workflow';

export class Interactions {
  constructor(private readonly createToken: () => Promise<WorkerToken>) {}

  /** The conversation sleeps; the customer's next message wakes it, for us again or for anybody. */
  park(of: ChannelOfTask, resume: HowToResume): Promise<unknown> {
    const routing = { status: 'closed', resume };
    return this.ask('PUT', pathOf(of), { Status: 'inactive', Routing: routing });
  }

  /** We go, the conversation stays open. */
  async leave(of: ChannelOfTask, reservationSid: string): Promise<unknown> {
    const path = `${pathOf(of)}/Participants`;
    const { participants } = await this.ask<{ participants: Participant[] }>('GET', path, {});
    const ours = participants.find(
      (one) => one.routing_properties?.reservation_sid === reservationSid,
    );
    if (!ours) throw new Error('You are no longer in this conversation.');
    return this.ask('PUT', `${path}/${ours.sid}`, { Status: 'closed' });
  }

  private async ask<T>(method: string, url: string, params: object): Promise<T> {
    const { token } = await this.createToken();
    const answer = await request<{ payload: T }>('POST', '/event-bridge/v1/wschannels', {
      url,
      method,
      params,
      token,
    });
    return answer.payload;
  }
}

const pathOf = ({ interactionSid, channelSid }: ChannelOfTask): string =>
  `v1/Interactions/${interactionSid}/Channels/${channelSid}`;
