/** The page: signed out or signed in, and what leads from one to the other. */

import { Chat } from './core/chat.js';
import { Connection } from './core/connection.js';
import { Rest } from './core/rest.js';
import { RoomCalls } from './core/room-calls.js';
import { forgetSession, loadSession, saveSession } from './core/session-store.js';
import { signOut } from './core/sign-in.js';
import { uuid } from './core/uuid.js';
import { currentLanguage, errorText, noticeText, refusalText, t } from './text/words.js';
import { Shell } from './view/shell.js';
import { signInView } from './view/sign-in.js';
import { toast } from './view/toast.js';

/** What ends the signed-in page; null while signed out. */
let leave = null;

/** `ws:` beside the page, wherever it is mounted. */
function socketAddress(token) {
  const address = new URL('ws', document.baseURI);
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  address.search = new URLSearchParams({ token });
  address.hash = '';
  return address.href;
}

function show(element) {
  document.documentElement.lang = currentLanguage();
  document.title = t('title');
  document.getElementById('app').replaceChildren(element);
}

function showSignIn(reason) {
  const onSession = (session) => {
    saveSession(sessionStorage, session);
    showChat(session);
  };
  const rest = new Rest({ language: currentLanguage });
  show(signInView({ rest, reason, onSession, onLanguage: () => showSignIn(reason) }));
}

function showChat({ token, user }) {
  const rest = new Rest({ token, language: currentLanguage });
  const connection = new Connection({ url: () => socketAddress(token) });
  const chat = new Chat({ me: user, rest, connection, storage: sessionStorage, lasting: localStorage });
  const calls = new RoomCalls(rest, uuid);
  const network = new AbortController();
  let shell = null;

  const end = (reason) => {
    leave = null;
    shell.stop();
    network.abort();
    connection.end();
    forgetSession(sessionStorage);
    history.replaceState(null, '', location.pathname + location.search);
    showSignIn(reason);
  };
  const draw = () => {
    shell?.stop();
    shell = new Shell(chat, calls, acts);
    show(shell.element);
  };
  const acts = {
    retry: () => connection.open(),
    useHere: () => location.reload(),
    languageSwitched: draw,
    signOut: () => {
      signOut(rest);
      end();
    },
  };

  leave = end;
  rest.onSessionExpired = () => leave === end && end('session_expired');
  chat.on('connection', (state) => {
    if (leave === end && state.reason === 'session_expired') end('session_expired');
  });
  chat.on('refused', (error) => error.id && toast(error.code === 'rejected' ? refusalText(error) : errorText(error.code, error.message), 'error'));
  chat.on('editHeld', () => toast(t('editHeld')));
  chat.on('notice', (notice) => toast(noticeText(notice, chat)));
  window.addEventListener('online', () => connection.networkChanged(true), network);
  window.addEventListener('offline', () => connection.networkChanged(false), network);
  draw();
  chat.start();
}

const session = loadSession(sessionStorage);
if (session) showChat(session);
else showSignIn();
