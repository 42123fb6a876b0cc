/** The browser with a window for each person, and how a script's steps are played in it. */

import { existsSync, mkdirSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { say, step } from './control.mjs';
import { Person } from './person.mjs';

export const BASE_URL = process.env.BASE_URL ?? process.argv[2];
export const OUT_DIR = process.env.OUT_DIR ?? process.argv[3] ?? 'target/browser';
export const DESKTOP = { width: 1280, height: 800 };
export const PHONE = { width: 390, height: 780 };
const CHROMIUM = process.env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path));
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** `arrive(name, address, options)` opens a window; `people` are those who have one. */
export async function openBrowser() {
  mkdirSync(OUT_DIR, { recursive: true });
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  const people = [];
  return {
    people,
    async arrive(name, address, options) {
      const context = await browser.newContext({ viewport: DESKTOP, locale: 'zh-CN', ...options });
      const person = new Person(name, await context.newPage(), address);
      people.push(person);
      return person;
    },
    close: () => browser.close(),
  };
}

/** Plays steps in their order, and says how each went; at a failure all windows are kept as pictures. */
export async function play(steps, windows, atEnd = () => {}) {
  try {
    for (const [name, act] of Object.entries(steps)) await step(name, act);
    say({ passed: Object.keys(steps).length });
  } catch {
    for (const [at, { page }] of windows.people.entries()) await page.screenshot({ path: `${OUT_DIR}/failed-${at + 1}.png` }).catch(() => {});
    process.exitCode = 1;
  } finally {
    await windows.close();
    atEnd();
    // An input that the caller keeps open would keep this process.
    process.stdin.destroy();
  }
}
