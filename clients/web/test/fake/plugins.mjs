/** The fake server's filters and its bot: words that are refused, held or changed, and a poll with buttons. */

import { uuid } from '../../core/uuid.js';
import { Refusal } from './house.mjs';

const now = () => new Date().toISOString();
const BOT = { id: uuid(), name: '投票 Poll bot', is_bot: true };

const COMMANDS = [
  { name: 'faq', description: '提问，或查看能问什么 Ask, or see what can be asked', by: '问答 FAQ bot', role: 'guest', options: [{ name: 'question', type: 'text', description: '你的问题 your question', choices: [], required: false }] },
  { name: 'guard', description: '这个房间管得多严 How strict this room is', by: '敏感词 Sensitive words', role: 'admin', options: [{ name: 'mode', type: 'choice', description: '', required: true, choices: ['off', 'flag', 'strict'] }] },
  { name: 'poll', description: '发起或结束投票 Start a poll, or close yours', by: '投票 Poll bot', role: 'guest', options: [{ name: 'question', type: 'text', description: '去哪吃？火锅 | 寿司 [10m]', choices: [], required: false }] },
  { name: 'rules', description: '查看房间规矩 Show the house rules', by: '迎客 Welcome bot', role: 'guest', options: [] },
];

export class FakePlugins {
  #house;
  #polls = new Map();
  #held = new Map();

  constructor(house) {
    this.#house = house;
    house.users.set(BOT.id, BOT);
  }

  commands() {
    return { items: COMMANDS, next: null };
  }

  /** The bot itself asks, so that there is somebody. */
  joinRequests() {
    const user = { ...BOT, name: '阿芳', is_bot: false };
    return { items: [{ user, word: '想来学泡茶', plugin: '', code: 'new', note: '', asked_at: now() }], next: null };
  }

  /** What the filters make of it: nothing, or what is answered instead of taking it. */
  check({ id, content }) {
    if (content.includes('代开发票')) throw Object.assign(new Refusal('rejected', 422), { by: '敏感词', reason: '疑似诈骗广告 looks like fraud', rule: 'fraud' });
    if (!content.includes('加微信')) return null;
    const message = this.#held.get(id) ?? uuid();
    this.#held.set(id, message);
    return { type: 'ack', id, message, state: 'held', at: now() };
  }

  /** What a filter writes instead. */
  replaced({ content }) {
    if (!content.includes('笨蛋')) return null;
    return { by: '敏感词', note: '请友善一点 Be kind', kind: 'text', content: content.replaceAll('笨蛋', '**') };
  }

  /** A moderator's decision on all that waits of a person: `/release` lets through, `/refuse` does not. */
  decide(connection, room, isReleased) {
    for (const [client_id, message] of this.#held) {
      this.#held.delete(client_id);
      if (isReleased) this.#house.tell(room, this.#house.post(room, { id: message, client_id, sender: this.#house.person(connection.user), kind: 'text', content: '有兴趣的加微信 tea-2025 聊' }));
      connection.send({ type: 'notice', kind: isReleased ? 'held_released' : 'held_refused', room: room.id, message, text: isReleased ? '已通过审核 Released by a moderator' : '未通过审核：请勿留联系方式 Refused: no contacts, please', at: now() });
    }
  }

  /** What the bot does about a message that was taken. */
  posted(connection, room, message) {
    const [, name, args] = /^\/(\S+)\s*([\s\S]*)$/.exec(message.content) ?? [];
    if (name === 'poll') this.#open(room, args || '去哪吃？火锅 | 寿司 | 烧烤');
    if (name === 'rules') this.#whisper(connection.user, room, { kind: 'card', reply_to: message.id, content: { title: '📜 这里的规矩 House rules', text: '1. 友善待人，不骂人，不刷屏。 Be kind; no insults, no flooding.\n2. 不发广告。 No advertising.', buttons: [{ id: 'got-it', label: '我知道了 Got it', style: 'primary', row: 0 }] } });
    if (name === 'release' || name === 'refuse') this.decide(connection, room, name === 'release');
  }

  /** Answers late, so that one sees a press wait; the button `broken` is refused. */
  press(connection, { id, message, button }) {
    setTimeout(() => {
      const poll = this.#polls.get(message);
      if (button === 'broken' || (!poll && button !== 'got-it')) return connection.send({ type: 'error', id, code: 'message_not_found', message: '' });
      connection.send({ type: 'ack', id, message, state: 'sent', at: now() });
      if (!poll) return this.#whisper(connection.user, this.#house.room(this.#house.lobby), { kind: 'text', content: '谢谢，请坐！ Thank you, have a seat!' });
      poll.votes.set(connection.user, Number(button.slice(5)));
      const content = this.#card(poll);
      this.#house.edit(message, content, BOT.id);
      return this.#whisper(connection.user, poll.room, { kind: 'text', content: `✅ 已投「${poll.options[poll.votes.get(connection.user)]}」 Your vote is counted` });
    }, 700);
  }

  #open(room, args) {
    const [question, ...rest] = args.split(/(?<=[？?])|\|/).map((part) => part.trim()).filter(Boolean);
    const poll = { room, question, options: rest, votes: new Map() };
    const message = this.#house.tell(room, this.#house.post(room, { id: uuid(), sender: BOT, kind: 'card', content: this.#card(poll), text: `[卡片] ${question}` }));
    this.#polls.set(message.id, poll);
  }

  #card({ question, options, votes }) {
    const all = votes.size;
    const lines = options.map((option, at) => {
      const count = [...votes.values()].filter((vote) => vote === at).length;
      const filled = all ? Math.round((count * 10) / all) : 0;
      return `${at + 1}. ${option}\n    ${'■'.repeat(filled)}${'□'.repeat(10 - filled)} ${all ? Math.round((count * 100) / all) : 0}% · ${count} 票`;
    });
    const buttons = options.map((label, at) => ({ id: `vote-${at}`, label, style: 'default', row: 0 }));
    const last = [{ id: 'broken', label: '失效的按钮 Broken', style: 'danger', row: 1 }];
    return { title: `📊 ${question}`, text: `${lines.join('\n')}\n共 ${all} 票 ${all} votes · 开放 10 分钟 open for 10 min`, buttons: [...buttons, ...last] };
  }

  #whisper(user, room, more) {
    for (const connection of this.#house.connections) {
      if (connection.user === user) connection.send({ type: 'ephemeral', id: uuid(), room: room.id, sender: BOT, at: now(), ...more });
    }
  }
}
