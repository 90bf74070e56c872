/* SPDX-License-Identifier: MIT */
/*
 * The chat page. It is also the smallest complete client of the protocol, so it is written to be read, from the wire up:
 *
 *   api.js sse.js            requests, errors, server-sent events
 *   dom.js screen.js         nodes and addresses; when things are drawn
 *   markdown.js inline.js    text of a model to nodes, as it grows
 *   items.js                 one view per kind of thread item: answer.js workflow.js
 *   conversation.js run.js   one thread on the screen; one streaming request
 *   threads.js composer.js   the list at the side; where a message is written
 *   page.js hosted.js        what holds them together; OpenAI's component instead of all this
 *
 * No build step and no dependency: a browser that knows modules reads these files as they are.
 */
import { $, el } from './dom.js';
import { Page } from './page.js';

try {
  await new Page().start();
} catch (error) {
  const button = el('button', { type: 'button', 'data-testid': 'retry' }, 'Try again');
  button.addEventListener('click', () => location.reload());
  $('conversation').replaceChildren(el('div', { class: 'error', role: 'alert', 'data-testid': 'error' }, el('p', {}, error.message), button));
}
