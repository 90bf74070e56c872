/* SPDX-License-Identifier: MIT */
/* One view per kind of thread item: {node, set(item), update?(change), paint?()}. `set` takes the whole item, `update` one
   of the changes that stream in between; both leave drawing of growing text to `paint`, at most once a frame. */
import { el, own } from './dom.js';
import { assistantMessage } from './answer.js';
import { workflow } from './workflow.js';

const views = {
  user_message: userMessage,
  assistant_message: assistantMessage,
  workflow,
  task: workflow,
  end_of_turn: (item) => ({ node: el('div', { hidden: '', 'data-id': item.id }), set() {} }),
};

export const makeView = (item) => (own(views, item.type) ?? unsupported)(item);

/* The front end and the server age separately: an item of a kind that this page does not know is said, not hidden. */
function unsupported(item) {
  const node = el('p', { class: 'unsupported', 'data-id': item.id });
  return {
    node,
    set(now) { node.textContent = now.copy_text || `This page cannot show an item of the kind “${now.type}”.`; },
  };
}

function userMessage(item) {
  const body = el('div', { class: 'bubble' });
  const node = el('article', { class: 'message user', 'aria-label': 'You', 'data-testid': 'message', 'data-role': 'user', 'data-id': item.id }, body);
  return {
    node,
    set(now) {
      node.dataset.id = now.id; /* the server's, once it has answered */
      body.replaceChildren();
      if (now.quoted_text) body.append(el('blockquote', {}, now.quoted_text));
      body.append(...now.content.map((part) => (part.type === 'input_tag' ? el('span', { class: 'tag' }, `@${part.text}`) : part.text ?? '')));
      for (const file of now.attachments ?? []) body.append(el('span', { class: 'file' }, file.name));
    },
  };
}
