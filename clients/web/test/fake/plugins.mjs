/** The fake server's filters and bots: words that are refused, held or changed, a greeting, house rules and polls. */

import { uuid } from '../../core/uuid.js';
import { Refusal } from './house.mjs';

const now = () => new Date().toISOString();
const ANSWER_MS = 700;
const POLLS = { id: uuid(), name: '投票 Poll bot', is_bot: true };
const DOOR = { id: uuid(), name: '迎客 Welcome bot', is_bot: true };
const GUARD = '敏感词 Sensitive words';
const RULES = '1. 友善待人，不骂人，不刷屏。 Be kind; no insults, no flooding.\n2. 不发广告，不索要转账。 No advertising, never ask anyone for money.';

const COMMANDS = [
  { name: 'faq', description: '提问，或查看能问什么 Ask, or see what can be asked', by: '问答 FAQ bot', role: 'guest', options: [{ name: 'question', type: 'text', description: '你的问题 your question', choices: [], required: false }] },
  { name: 'guard', description: '这个房间管得多严 How strict this room is', by: GUARD, role: 'admin', options: [{ name: 'mode', type: 'choice', description: '', required: true, choices: ['off', 'flag', 'strict'] }] },
  { name: 'poll', description: '发起投票，或用 close 结束 Start a poll, or close yours', by: POLLS.name, role: 'guest', options: [{ name: 'question', type: 'text', description: '去哪吃？火锅 | 寿司 [10m]', choices: [], required: false }] },
  { name: 'rules', description: '查看房间规矩 Show the house rules', by: DOOR.name, role: 'guest', options: [] },
];

export class FakePlugins {
  #house;
  #polls = new Map();
  #held = [];
  #reviews = [];
  #answered = new Set();

  constructor(house) {
    this.#house = house;
    for (const bot of [POLLS, DOOR]) house.users.set(bot.id, bot);
  }

  commands() {
    return { items: COMMANDS, next: null };
  }

  /** Somebody asks in every room, so that there is somebody. */
  joinRequests(room) {
    const user = { ...DOOR, name: '阿芳', is_bot: false };
    const asks = !this.#answered.has(room);
    return { items: asks ? [{ user, word: '想来学泡茶', by: DOOR.name, code: 'new', note: '', asked_at: now() }] : [], next: null };
  }

  answerJoin(room) {
    this.#answered.add(room);
  }

  /** What waits in a room. */
  held(room) {
    return { items: this.#held.filter((held) => held.room === room && held.state === 'held'), next: null };
  }

  /** What of somebody's own waits there, or was refused. */
  heldOf(user, room) {
    return { items: this.#held.filter((held) => held.room === room && held.sender.id === user).toReversed() };
  }

  reviews(room) {
    return { items: this.#reviews.filter((review) => review.room === room), next: null };
  }

  closeReview(id) {
    const review = this.#reviews.find((candidate) => candidate.id === id);
    if (!review) throw new Refusal('message_not_found', 404);
    this.#reviews = this.#reviews.filter((other) => other !== review);
    this.#wake(review.room);
  }

  decide(id, isReleased, reason) {
    const held = this.#held.find((candidate) => candidate.id === id && candidate.state === 'held');
    if (!held) throw new Refusal('message_not_found', 404);
    if (isReleased) this.#held = this.#held.filter((other) => other !== held);
    else Object.assign(held, { state: 'refused', reason, decided_at: now() });
    this.#wake(held.room);
    const room = this.#house.room(held.room);
    const { client_id, content, sender } = held;
    if (isReleased) this.#house.tell(room, this.#house.post(room, { id, client_id, sender, kind: 'text', content }));
    const text = isReleased ? '已通过审核 Released by a moderator' : `未通过审核 Refused by a moderator：${reason}`;
    this.#tell(sender.id, { type: 'notice', kind: isReleased ? 'held_released' : 'held_refused', room: held.room, message: id, text, at: now() });
  }

  /** What the filters make of it: nothing, or what is answered instead of taking it. */
  check(user, room, { id, content }) {
    if (content.includes('线上赌场')) throw Object.assign(new Refusal('rejected', 422), { by: GUARD, reason: '疑似赌博广告 looks like gambling', rule: 'gambling' });
    if (!content.includes('刷单返利')) return null;
    const known = this.#held.find(({ client_id }) => client_id === id);
    const why = { by: GUARD, code: 'fraud', note: '命中：刷单返利 matched a word of the list', severity: 2 };
    const held = known ?? { id: uuid(), client_id: id, state: 'held', room: room.id, kind: 'text', content, at: now(), sender: this.#house.person(user), ...why };
    if (!known) this.#held.push(held);
    this.#wake(room.id);
    return { type: 'ack', id, message: held.id, state: 'held', at: now() };
  }

  /** What a filter writes instead. */
  replaced({ content }) {
    if (!content.includes('王八蛋')) return null;
    return { by: GUARD, note: '请友善一点 Be kind', kind: 'text', content: content.replaceAll('王八蛋', '＊＊＊') };
  }

  joined(room, user) {
    const { name } = this.#house.users.get(user);
    const rules = { id: 'rules', label: '看看规矩 House rules', style: 'default', row: 0 };
    const content = { title: `🍵 欢迎 ${name} 来到「${room.name}」，请坐，喝杯茶。`, text: `Welcome to ${room.name}, ${name}. Take a seat, have a cup of tea.`, buttons: [rules] };
    this.#say(room, DOOR, { kind: 'card', content, text: `[卡片] ${content.title}` });
  }

  /** What the bots do about a message that was taken. */
  posted(user, room, message) {
    if (message.content.includes('http')) {
      this.#reviews.push({ id: uuid(), subject: 'message', room: room.id, message, user: this.#house.person(user), by: '链接守卫 Link guard', code: 'link', note: '', severity: 1, at: now() });
      this.#wake(room.id);
    }
    const [, name, args] = /^\/(\S+)\s*([\s\S]*)$/.exec(message.content) ?? [];
    if (name === 'poll' && args === 'close') this.#close(room);
    else if (name === 'poll') this.#open(room, args.replace(/\[.*\]$/, ''));
    if (name === 'rules') this.#rules(user, room, message.id);
  }

  /** Answers late, so that one sees a press wait. */
  press(user, send, { id, message, button }) {
    setTimeout(() => {
      const poll = this.#polls.get(message);
      if (!poll && !['rules', 'got-it'].includes(button)) return send({ type: 'error', id, code: 'message_not_found', message: '' });
      send({ type: 'ack', id, message, state: 'sent', at: now() });
      return poll ? this.#vote(poll, user, Number(button.slice(5))) : this.#atTheDoor(user, message, button);
    }, ANSWER_MS);
  }

  #atTheDoor(user, message, button) {
    const room = this.#rooms.get(message);
    if (button === 'rules') this.#rules(user, room);
    else this.#whisper(DOOR, user, room, { kind: 'text', content: '谢谢，请坐！ Thank you, have a seat!' });
  }

  /** Where cards and whispers of the door stand. */
  #rooms = new Map();

  #rules(user, room, reply_to) {
    const gotIt = { id: 'got-it', label: '我知道了 Got it', style: 'primary', row: 0 };
    this.#whisper(DOOR, user, room, { kind: 'card', ...(reply_to && { reply_to }), content: { title: '📜 这里的规矩 House rules', text: RULES, buttons: [gotIt] } });
  }

  #open(room, args) {
    const [question, ...options] = args.split(/(?<=[？?])|\|/).map((part) => part.trim()).filter(Boolean);
    const poll = { room, question, options, votes: new Map(), isClosed: false };
    poll.card = this.#say(room, POLLS, { kind: 'card', content: cardOf(poll), text: `[卡片] ${question}` }).id;
    this.#polls.set(poll.card, poll);
  }

  #vote(poll, user, at) {
    poll.votes.set(user, at);
    this.#house.edit(poll.card, cardOf(poll), POLLS.id);
    this.#whisper(POLLS, user, poll.room, { kind: 'text', content: `✅ 已投「${poll.options[at]}」 Your vote is counted` });
  }

  #close(room) {
    const poll = [...this.#polls.values()].findLast((candidate) => candidate.room === room && !candidate.isClosed);
    if (!poll) return;
    poll.isClosed = true;
    this.#house.edit(poll.card, cardOf(poll), POLLS.id);
    this.#say(room, POLLS, { kind: 'text', content: `🏁 投票结束 Poll closed\n${poll.question}`, reply_to: poll.card });
  }

  #say(room, sender, more) {
    const message = this.#house.tell(room, this.#house.post(room, { id: uuid(), sender, ...more }));
    this.#rooms.set(message.id, room);
    return message;
  }

  #whisper(sender, user, room, more) {
    const id = uuid();
    this.#rooms.set(id, room);
    this.#tell(user, { type: 'ephemeral', id, room: room.id, sender, at: now(), ...more });
  }

  /** Who keeps order there has something else to look at. */
  #wake(room) {
    for (const [user, role] of this.#house.room(room).members) if (role === 'owner') this.#tell(user, { type: 'waiting', room });
  }

  #tell(user, frame) {
    for (const connection of this.#house.connections) if (connection.user === user) connection.send(frame);
  }
}

function cardOf({ question, options, votes, isClosed }) {
  const all = votes.size;
  const lines = options.map((option, at) => {
    const count = [...votes.values()].filter((vote) => vote === at).length;
    const filled = all ? Math.ceil((count * 10) / all) : 0;
    return `${at + 1}. ${option}\n    ${'■'.repeat(filled)}${'□'.repeat(10 - filled)} ${all ? Math.round((count * 100) / all) : 0}% · ${count} 票`;
  });
  const state = isClosed ? '已结束 closed' : '开放 10 分钟 open for 10 min';
  const buttons = isClosed ? [] : options.map((label, at) => ({ id: `vote-${at}`, label, style: 'default', row: 0 }));
  return { title: `📊 ${question}`, text: `${lines.join('\n')}\n共 ${all} 票 ${all} votes · ${state}`, buttons };
}
