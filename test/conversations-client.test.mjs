// Two people and their conversations, each with the official SDK: all that a chat needs, with both versions of it.

import { heard, startChat } from './support/chat.mjs'; // first: it lends node what the SDK takes from a browser
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import conversations3 from '@twilio/conversations';
import conversations2 from 'conversations-2';
import { startServer } from './support/server.mjs';

const versions = { '3.0.1': conversations3, '2.6.0': conversations2 };
const PNG = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(3000, 7)]);

for (const [version, sdk] of Object.entries(versions)) {
  describe(`@twilio/conversations ${version}`, () => {
    let server, chat, service, ada, bob;
    before(async () => {
      server = await startServer();
      chat = await startChat(server);
      service = server.client.conversations.v1.services(chat.service.sid);
      await service.configuration().update({ reachabilityEnabled: true });
      [ada, bob] = await Promise.all([chat.client(sdk, 'ada'), chat.client(sdk, 'bob')]);
    });
    after(async () => {
      await chat.end();
      await server.stop();
    });

    /** A conversation of ada's with bob in it, as both see it. */
    async function together(options = {}) {
      const hers = await ada.createConversation(options);
      await hers.join();
      const joined = heard(bob, 'conversationJoined', (one) => one.sid === hers.sid);
      await hers.add('bob');
      const his = await joined;
      // Each knows of both: until then a client is looking round, and takes what it finds for what was there before.
      for (const one of [hers, his])
        if ((await one.getParticipants()).length < 2) await heard(one, 'participantJoined');
      return [hers, his];
    }

    const arrived = (conversation, body) =>
      heard(conversation, 'messageAdded', (message) => message.body === body);

    test('A client starts, and knows who it is', async () => {
      assert.equal(ada.connectionState, 'connected');
      assert.equal(ada.user.identity, 'ada');
      assert.equal(ada.reachabilityEnabled, true);
      const user = await service.users('ada').fetch();
      assert.equal(user.identity, 'ada');
    });

    test('A conversation is made, joined, and somebody is added', async () => {
      const hers = await ada.createConversation({
        friendlyName: 'Help',
        uniqueName: 'help',
        attributes: { about: ['shoes', { size: 43 }] },
      });
      assert.equal(hers.friendlyName, 'Help');
      assert.deepEqual(hers.attributes, { about: ['shoes', { size: 43 }] });
      assert.equal(hers.createdBy, 'ada');
      assert.equal(hers.status, 'notParticipating');
      const joined = heard(ada, 'conversationJoined');
      await hers.join();
      assert.equal((await joined).sid, hers.sid);
      await hers.getParticipants(); // from here on it is news who comes

      const his = heard(bob, 'conversationJoined');
      const came = heard(hers, 'participantJoined', (one) => one.identity === 'bob');
      await hers.add('bob', { role: 'guest' });
      assert.equal((await his).sid, hers.sid);
      assert.deepEqual((await came).attributes, { role: 'guest' });
      const people = await (await his).getParticipants();
      assert.deepEqual(people.map((one) => one.identity).sort(), ['ada', 'bob']);
      assert.equal(await hers.getParticipantsCount(), 2);

      assert.equal((await bob.getConversationByUniqueName('help')).sid, hers.sid);
      assert.equal((await bob.getConversationBySid(hers.sid)).friendlyName, 'Help');
      const all = await bob.getSubscribedConversations();
      assert.ok(all.items.some((one) => one.sid === hers.sid));
    });

    test('What one says, both hear', async () => {
      const [hers, his] = await together();
      const both = [arrived(hers, 'Hello!'), arrived(his, 'Hello!')];
      assert.equal(await hers.sendMessage('Hello!', { mood: 'good' }), 0);
      for (const message of await Promise.all(both)) {
        assert.equal(message.author, 'ada');
        assert.equal(message.index, 0);
        assert.deepEqual(message.attributes, { mood: 'good' });
        assert.equal(message.type, 'text');
        assert.ok(message.dateCreated instanceof Date);
        assert.equal((await message.getParticipant()).identity, 'ada');
      }
      const answer = arrived(hers, 'Hi.');
      assert.equal(await his.sendMessage('Hi.'), 1);
      assert.equal((await answer).author, 'bob');
      assert.equal(await hers.getMessagesCount(), 2);
      // What REST says, too.
      const fromRest = arrived(his, 'From the office');
      await service
        .conversations(hers.sid)
        .messages.create({ author: 'office', body: 'From the office' });
      assert.equal((await fromRest).author, 'office');
    });

    test('Who does not wait is heard in the order of speaking', async () => {
      const [hers, his] = await together();
      const words = Array.from({ length: 30 }, (_, i) => `${i}`);
      const last = arrived(his, '29');
      const indexes = await Promise.all(words.map((word) => hers.sendMessage(word)));
      assert.deepEqual(indexes, words.map(Number));
      await last;
    });

    test('Words and attributes are changed, and taken back', async () => {
      const [hers, his] = await together();
      const first = arrived(his, 'Helo');
      await hers.sendMessage('Helo');
      const [mine] = (await hers.getMessages()).items;
      const theirs = await first;

      const edited = heard(theirs, 'updated', (news) => news.updateReasons.includes('body'));
      await mine.updateBody('Hello');
      assert.equal((await edited).message.body, 'Hello');
      assert.equal(theirs.lastUpdatedBy, 'ada');
      const marked = heard(theirs, 'updated', (news) => news.updateReasons.includes('attributes'));
      await mine.updateAttributes({ starred: true });
      assert.deepEqual((await marked).message.attributes, { starred: true });

      const gone = heard(his, 'messageRemoved');
      await mine.remove();
      assert.equal((await gone).index, 0);
      assert.deepEqual((await his.getMessages()).items, []);
      assert.equal(await hers.sendMessage('again'), 1); // a number is not used twice
    });

    test('A long conversation is read in pages', async () => {
      const [hers, his] = await together();
      for (let i = 0; i < 25; i++) await hers.sendMessage(`${i}`);
      const bodies = (page) => page.items.map((message) => Number(message.body));
      const last = await his.getMessages(10);
      assert.deepEqual(bodies(last), [15, 16, 17, 18, 19, 20, 21, 22, 23, 24]);
      assert.ok(last.hasPrevPage);
      const before = await last.prevPage();
      assert.deepEqual(bodies(before), [5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
      const from = await his.getMessages(5, 3, 'forward');
      assert.deepEqual(bodies(from), [3, 4, 5, 6, 7]);
    });

    test('Who types is seen, and then is not', async () => {
      const [hers, his] = await together();
      await hers.getParticipants();
      const started = heard(hers, 'typingStarted');
      await his.typing();
      assert.equal((await started).identity, 'bob');
      assert.equal((await started).isTyping, true);
      const ended = heard(hers, 'typingEnded');
      await his.sendMessage('done');
      assert.equal((await ended).identity, 'bob');
    });

    test('How far somebody has read', async () => {
      const [hers, his] = await together();
      for (const body of ['one', 'two', 'three']) await hers.sendMessage(body);
      assert.equal(await his.getUnreadMessagesCount(), null);
      const seen = heard(hers, 'participantUpdated', (news) => news.participant.identity === 'bob');
      assert.equal(await his.updateLastReadMessageIndex(0), 2);
      const { participant, updateReasons } = await seen;
      assert.equal(participant.lastReadMessageIndex, 0);
      assert.ok(participant.lastReadTimestamp instanceof Date);
      assert.ok(updateReasons.includes('lastReadMessageIndex'));
      assert.equal(await his.setAllMessagesRead(), 0);
      await heardIndex(his, 2);
      await his.setAllMessagesUnread();
      await heardIndex(his, null);
      const muted = heard(his, 'updated', (news) =>
        news.updateReasons.includes('notificationLevel'),
      );
      await his.setUserNotificationLevel('muted');
      assert.equal((await muted).conversation.notificationLevel, 'muted');
    });

    async function heardIndex(conversation, index) {
      if (conversation.lastReadMessageIndex === index) return;
      await heard(conversation, 'updated', () => conversation.lastReadMessageIndex === index);
    }

    test('A conversation is called otherwise, closed, and ended', async () => {
      const [hers, his] = await together({ friendlyName: 'Old' });
      const named = heard(his, 'updated', (news) => news.updateReasons.includes('friendlyName'));
      await hers.updateFriendlyName('New');
      assert.equal((await named).conversation.friendlyName, 'New');
      const unique = heard(his, 'updated', (news) => news.updateReasons.includes('uniqueName'));
      await hers.updateUniqueName(`unique-${hers.sid}`);
      assert.equal((await unique).conversation.uniqueName, `unique-${hers.sid}`);
      const attributes = heard(his, 'updated', (news) => news.updateReasons.includes('attributes'));
      await hers.updateAttributes({ vip: true });
      assert.deepEqual((await attributes).conversation.attributes, { vip: true });

      const said = heard(his, 'updated', (news) => news.updateReasons.includes('lastMessage'));
      await hers.sendMessage('last words');
      assert.equal((await said).conversation.lastMessage.index, 0);

      const closed = heard(his, 'updated', (news) => news.updateReasons.includes('state'));
      await service.conversations(hers.sid).update({ state: 'closed' });
      assert.equal((await closed).conversation.state.current, 'closed');
      await assert.rejects(hers.sendMessage('too late'));

      const removed = [heard(ada, 'conversationRemoved'), heard(bob, 'conversationRemoved')];
      await service.conversations(hers.sid).remove();
      for (const one of await Promise.all(removed)) assert.equal(one.sid, hers.sid);
    });

    test('Somebody leaves, and somebody is removed', async () => {
      const [hers, his] = await together();
      const left = heard(hers, 'participantLeft');
      const out = heard(bob, 'conversationLeft');
      await his.leave();
      assert.equal((await left).identity, 'bob');
      assert.equal((await out).sid, hers.sid);

      const back = heard(bob, 'conversationJoined', (one) => one.sid === hers.sid);
      await hers.add('bob');
      await (await back).getParticipants();
      const shown = heard(bob, 'conversationLeft');
      await hers.removeParticipant('bob');
      assert.equal((await shown).sid, hers.sid);
      // He hears no more of it, and cannot ask.
      let overheard = 0;
      (await back).on('messageAdded', () => overheard++);
      const said = arrived(hers, 'now we are alone');
      await hers.sendMessage('now we are alone');
      await said;
      await assert.rejects(bob.peekConversationBySid(hers.sid));
      assert.equal(overheard, 0);
    });

    test('What a role does not allow is refused', async () => {
      const [hers, his] = await together();
      await hers.sendMessage('mine');
      const [message] = (await his.getMessages()).items;
      await assert.rejects(message.updateBody('not yours'), /Forbidden|50107|not/i);
      await assert.rejects(message.remove());
      await assert.rejects(his.delete());
      await assert.rejects(his.updateFriendlyName('his'));
      const eve = await chat.client(sdk, 'eve');
      await assert.rejects(eve.peekConversationBySid(hers.sid));
      await assert.rejects(eve.getConversationBySid(hers.sid));
    });

    test('Who reads along hears everything, and is seen by nobody', async () => {
      const [hers, his] = await together();
      await hers.sendMessage('before');
      const role = await service.roles.create({
        friendlyName: `reads along ${hers.sid}`,
        type: 'service',
        permission: ['readAnyConversation', 'editOwnUserInfo'],
      });
      const boss = await chat.client(sdk, 'boss', { deploymentRoleSid: role.sid });
      assert.equal((await service.users('boss').fetch()).roleSid, role.sid);
      const watched = await boss.peekConversationBySid(hers.sid);
      assert.equal(watched.status, 'notParticipating');
      assert.deepEqual(
        (await watched.getMessages()).items.map((message) => message.body),
        ['before'],
      );
      const overheard = arrived(watched, 'now');
      await his.sendMessage('now');
      assert.equal((await overheard).author, 'bob');
      await assert.rejects(watched.sendMessage('hello?'));
      const people = (await hers.getParticipants()).map((one) => one.identity);
      assert.deepEqual(people.sort(), ['ada', 'bob']);
    });

    test('Who may not read along any more hears no more', async () => {
      const boss = await chat.client(sdk, 'chief');
      const own = service.conversations((await service.conversations.create({})).sid);
      const joined = heard(boss, 'conversationJoined');
      await own.participants.create({ identity: 'chief' });
      const home = await joined;
      await home.getMessages();
      const plain = (await service.roles.list()).find((one) => one.friendlyName === 'service user');
      const chief = service.users('chief');
      for (const [way, lose] of Object.entries({
        'the role says so no more': (role) => role.update({ permission: ['editOwnUserInfo'] }),
        'the role is gone': (role) => role.remove(),
        'the role is not theirs any more': () => chief.update({ roleSid: plain.sid }),
      })) {
        const { sid } = await service.roles.create({
          friendlyName: way,
          type: 'service',
          permission: ['readAnyConversation'],
        });
        await chief.update({ roleSid: sid });
        const [hers, his] = await together();
        const watched = await boss.peekConversationBySid(hers.sid);
        const told = [];
        await watched.getMessages();
        watched.on('messageAdded', (message) => told.push(message.body));
        const first = arrived(watched, 'before');
        await hers.sendMessage('before');
        await first;
        await lose(service.roles(sid));
        const kept = arrived(his, 'behind the back');
        await hers.sendMessage('behind the back');
        await kept;
        const fence = arrived(home, way);
        await own.messages.create({ body: way });
        await fence;
        assert.deepEqual(told, ['before'], way);
      }
    });

    test('Files are sent, and fetched by whoever is there', async () => {
      const [hers, his] = await together();
      const came = heard(his, 'messageAdded');
      await hers
        .prepareMessage()
        .setBody('Look:')
        .addMedia({ contentType: 'image/png', filename: 'cat.png', media: PNG })
        .addMedia({ contentType: 'text/plain', filename: 'note.txt', media: 'a note' })
        .build()
        .send();
      const message = await came;
      assert.equal(message.body, 'Look:');
      assert.equal(message.type, 'media');
      const [cat, note] = message.attachedMedia;
      assert.deepEqual(
        [cat.filename, cat.contentType, cat.size, cat.category],
        ['cat.png', 'image/png', PNG.length, 'media'],
      );
      const down = await fetch(await cat.getContentTemporaryUrl());
      assert.deepEqual(Buffer.from(await down.arrayBuffer()), PNG);
      const urls = await bob.getTemporaryContentUrlsForMedia([cat, note]);
      assert.equal(await (await fetch(urls.get(note.sid))).text(), 'a note');
    });

    test('Who somebody is, and whether they are there', async () => {
      const user = await bob.getUser('ada');
      assert.equal(user.isOnline, true);
      const renamed = heard(user, 'updated', (news) => news.updateReasons.includes('friendlyName'));
      await ada.user.updateFriendlyName('Ada L.');
      assert.equal((await renamed).user.friendlyName, 'Ada L.');
      const described = heard(user, 'updated', (news) => news.updateReasons.includes('attributes'));
      await ada.user.updateAttributes({ avatar: 'a.png' });
      assert.deepEqual((await described).user.attributes, { avatar: 'a.png' });

      const cid = await chat.client(sdk, 'cid');
      const friend = await bob.getUser('cid');
      const away = heard(friend, 'updated', (news) =>
        news.updateReasons.includes('reachabilityOnline'),
      );
      await cid.shutdown();
      await away;
      assert.equal(friend.isOnline, false);
    });

    test('What became of a message, and to whom it went', async () => {
      const [hers] = await together();
      await hers.sendMessage('to all');
      const [message] = (await hers.getMessages()).items;
      assert.equal(message.aggregatedDeliveryReceipt, null);
      assert.deepEqual(await message.getDetailedDeliveryReceipts(), []);
      assert.equal(await message.getChannelMetadata(), null);
      assert.deepEqual((await hers.getMessageRecipients()).items, []);
      assert.deepEqual([...(await ada.getContentTemplates())], []);
    });

    test('A new token, on the open socket', async () => {
      let ends = 0;
      ada.on('tokenExpired', () => ends++);
      await ada.updateToken(chat.token('ada', { ttl: 7200 }));
      const [hers, his] = await together();
      const said = arrived(his, 'still here');
      await hers.sendMessage('still here');
      await said;
      assert.equal(ends, 0);
    });

    test('The line breaks in the middle of a sentence', async () => {
      const [hers, his] = await together();
      const twice = [];
      his.on('messageAdded', (message) => twice.push(message.body));
      const answered = [];
      const sending = (async () => {
        for (let i = 0; i < 40; i++) {
          const body = `word ${i}`;
          await hers.sendMessage(body).then(
            () => answered.push(body),
            () => {}, // the line broke; whether it arrived nobody knows, and an app would look
          );
          if (i === 15) broken();
        }
      })();
      let broken;
      const nowBreak = new Promise((resolve) => (broken = resolve));
      await nowBreak;
      await server.kill9();
      await server.restart();
      await sending;
      const end = arrived(his, 'the end');
      await hers.sendMessage('the end');
      await end;
      const kept = await service.conversations(hers.sid).messages.list();
      const bodies = kept.map((message) => message.body).slice(0, -1);
      for (const body of answered)
        assert.equal(bodies.filter((one) => one === body).length, 1, body);
      assert.deepEqual(
        twice.filter((body) => body !== 'the end'),
        bodies,
      ); // each once, in order, and none that is not there
      assert.deepEqual(
        kept.map((message) => message.index),
        kept.map((_, i) => i),
      );
    });
  });
}
