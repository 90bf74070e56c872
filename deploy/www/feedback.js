/* SPDX-License-Identifier: MIT */
/* Two thumbs under each finished answer. The server gets the ids of everything in that turn; the last thumb counts. */
import { call } from './api.js';
import { el } from './dom.js';
import { svgIcon } from './icons.js';

const KINDS = [['positive', 'thumb-up', 'Good answer'], ['negative', 'thumb-down', 'Bad answer']];

/* The row of one turn; ids() are its items at the moment of the click. */
export function thumbs(chat, ids) {
  const node = el('div', { class: 'thumbs', role: 'group', 'aria-label': 'Feedback', 'data-testid': 'feedback' });
  let sent = null;
  const draw = (now) => { for (const button of node.children) button.setAttribute('aria-pressed', String(button.dataset.kind === now)); };
  for (const [kind, icon, name] of KINDS) {
    const button = el('button', {
      type: 'button', class: 'icon-button', 'aria-label': name, title: name, 'aria-pressed': 'false', 'data-kind': kind, 'data-testid': `feedback-${kind}`,
    }, svgIcon(icon));
    button.addEventListener('click', async () => {
      if (sent === kind) return; /* it cannot be taken back, only changed */
      const before = sent;
      sent = kind;
      draw(kind);
      try {
        await call('items.feedback', { thread_id: chat.id, item_ids: ids(), kind });
      } catch (error) {
        if (sent === kind) draw(sent = before);
        chat.page.toast(error.message);
      }
    });
    node.append(button);
  }
  return node;
}
