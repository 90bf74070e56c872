/* SPDX-License-Identifier: MIT */
/* What the assistant says: parts of growing Markdown, each with its sources. */
import { el, own, safeHref } from './dom.js';
import { Markdown } from './markdown.js';

export function assistantMessage(item) {
  const node = el('article', { class: 'message assistant', 'aria-label': 'Assistant', 'data-testid': 'message', 'data-role': 'assistant', 'data-id': item.id });
  const parts = [];
  const part = (index) => parts[index] ??= (() => {
    const text = el('div', { class: 'prose' });
    const sources = el('ol', { class: 'sources', 'aria-label': 'Sources' });
    node.append(text, sources);
    return { text: '', annotations: [], sources, markdown: new Markdown(text) };
  })();
  const put = (index, content) => Object.assign(part(index), { text: content.text ?? '', annotations: content.annotations ?? [] });
  const changes = {
    'assistant_message.content_part.added': (u) => put(u.content_index, u.content),
    'assistant_message.content_part.text_delta': (u) => { part(u.content_index).text += u.delta; },
    'assistant_message.content_part.annotation_added': (u) => { part(u.content_index).annotations[u.annotation_index] = u.annotation; },
    /* Some servers send this without the annotations that came before: the text is taken, the rest is kept. */
    'assistant_message.content_part.done': (u) => { part(u.content_index).text = u.content.text; },
  };
  return {
    node,
    set(now) {
      for (const old of parts.splice(now.content.length)) { old.markdown.root.remove(); old.sources.remove(); }
      now.content.forEach((content, index) => put(index, content));
    },
    update: (change) => own(changes, change.type)?.(change),
    paint() {
      for (const { text, annotations, sources, markdown } of parts.filter(Boolean)) {
        markdown.set(text);
        sources.replaceChildren(...annotations.filter(Boolean).map(({ source }) => el('li', {}, sourceNode(source))));
      }
    },
  };
}

export function sourceNode(source) {
  const name = source.title || source.filename || source.url || 'Source';
  const href = source.url && safeHref(source.url);
  return href ? el('a', { href, target: '_blank', rel: 'noopener noreferrer' }, name) : el('span', {}, name);
}
