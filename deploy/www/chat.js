/* SPDX-License-Identifier: MIT */
/*
 * The chat page. It is also the smallest complete client of the protocol, so it is written to be read, from the wire up:
 *
 *   api.js sse.js                    requests, errors, server-sent events
 *   dom.js screen.js icons.js         nodes and addresses; when things are drawn; drawings by name
 *   markdown.js inline.js             text of a model to nodes, as it grows
 *   items.js                          one view per kind of thread item: answer.js workflow.js question.js widget.js
 *   widget.js                         widget_parts.js widget_controls.js widget_style.js chart.js; actions.js: what is done with them
 *   conversation.js run.js            one thread on the screen; streaming requests. tools.js feedback.js
 *   threads.js composer.js            the list at the side; where a message is written: attach.js dictate.js
 *   page.js hosted.js                 what holds them together; OpenAI's component instead of all this: hosted_options.js
 *
 * No build step and no dependency: a browser that knows modules reads these files as they are.
 *
 * Who puts this page into a site of their own adds a script before this one. It may set window.chatkitTools = {name: async (args) => result}, which a
 * model may call (the server has to offer them: client_tools), and listen on document for `chatkit-effect` {name, data, thread_id} and `chatkit-action`
 * {type, payload, item_id, thread_id}, an action that a widget leaves to the page; preventDefault() says that it was handled.
 */
import { $, el } from './dom.js';
import { Page } from './page.js';

try {
  await new Page().start();
} catch (error) {
  const button = el('button', { type: 'button', 'data-testid': 'retry' }, 'Try again');
  button.addEventListener('click', () => location.reload());
  for (const id of ['sidebar', 'form', 'open-menu', 'new-chat-bar']) $(id).inert = true; /* nobody listens there */
  $('conversation').replaceChildren(el('div', { class: 'error', role: 'alert', 'data-testid': 'error' }, el('p', {}, error.message), button));
}
