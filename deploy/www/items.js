/* SPDX-License-Identifier: MIT */
/* One view per kind of thread item: {node, set(item), update?(change), paint?(), release?()}. `set` takes the whole item, `update` one of the changes
   that stream in between; both leave drawing of growing text to `paint`, at most once a frame. A view that fails on what a server sent becomes a line
   of text; it never takes the stream with it. */
import { el, imageNode, own, safeHref, safeImage } from './dom.js';
import { assistantMessage } from './answer.js';
import { structuredInput } from './question.js';
import { widget } from './widget.js';
import { task, workflow } from './workflow.js';

const views = {
  user_message: userMessage,
  assistant_message: assistantMessage,
  client_tool_call: clientToolCall,
  widget,
  generated_image: generatedImage,
  structured_input: structuredInput,
  workflow,
  task,
  end_of_turn: (item) => ({ node: el('div', { hidden: '', 'data-id': item.id }), set() {} }),
};

export function makeView(item, chat) {
  try {
    const view = (own(views, item.type) ?? unsupported)(item, chat);
    view.set(item);
    view.paint?.();
    return view;
  } catch (error) {
    return broken(item, error);
  }
}

export function broken(item, error) {
  console.warn(`An item of the kind ${item?.type} could not be shown.`, error);
  const view = unsupported(item);
  view.set(item);
  return view;
}

/* The front end and the server age separately: an item of a kind that this page does not know is said, not hidden. */
function unsupported(item) {
  const node = el('p', { class: 'unsupported', 'data-testid': 'unsupported', 'data-id': item.id });
  return {
    node,
    set(now) { node.textContent = now.copy_text || `This page cannot show an item of the kind “${now.type}”.`; },
  };
}

function userMessage(item, chat) {
  const body = el('div', { class: 'bubble', dir: 'auto' });
  const files = el('div', { class: 'files' });
  const node = el('article', { class: 'message user', 'aria-label': 'You', 'data-testid': 'message', 'data-role': 'user', 'data-id': item.id }, files, body);
  return {
    node,
    set(now) {
      node.dataset.id = now.id; /* the server's, once it has answered */
      body.replaceChildren();
      if (now.quoted_text) body.append(el('blockquote', {}, now.quoted_text));
      body.append(...now.content.map((part) => (part.type === 'input_tag' ? el('span', { class: 'tag' }, `@${part.text}`) : part.text ?? '')));
      body.hidden = !body.hasChildNodes();
      files.replaceChildren(...(now.attachments ?? []).map((file) => attachment(file, chat?.domains)));
    },
  };
}

/* A file that was sent: its picture where there is one that may be drawn, else its name. */
function attachment(file, domains) {
  const picture = file.type === 'image' && file.preview_url && safeImage(file.preview_url, domains);
  if (!picture) return el('span', { class: 'file', dir: 'auto', 'data-testid': 'attachment' }, file.name);
  const image = el('img', { src: picture, alt: file.name, title: file.name, loading: 'lazy', 'data-testid': 'attachment' });
  image.addEventListener('error', () => image.replaceWith(attachment({ name: file.name })), { once: true });
  return image;
}

/* A picture that a model makes may come in several states, each sharper than the one before. */
function generatedImage(item, chat) {
  const frame = el('div', { class: 'picture' });
  const bar = el('progress', { max: 1, 'aria-label': 'Making an image' });
  const node = el('figure', { class: 'generated', 'data-testid': 'generated-image', 'data-id': item.id }, frame, bar,
    el('figcaption', {}, 'This image was not finished.')); /* shown when nobody works on it any more */
  let shown = null;
  const draw = (image, progress, done) => {
    node.dataset.status = done ? 'complete' : 'loading';
    bar.hidden = done;
    if (progress != null) bar.value = progress;
    else bar.removeAttribute('value');
    if (!image?.url || image.url === shown) return;
    shown = image.url;
    const picture = imageNode(image.url, 'Generated image', chat?.domains);
    const href = picture.localName === 'img' && safeHref(picture.src);
    frame.replaceChildren(href ? el('a', { href, target: '_blank', rel: 'noopener noreferrer' }, picture) : picture);
  };
  return {
    node,
    set: (now) => draw(now.image, null, Boolean(now.image)),
    update: (change) => { if (change.type === 'generated_image.updated') draw(change.image, change.progress ?? null, false); },
  };
}

/* What the model asked of this page (see tools.js), and what the page answered. */
function clientToolCall(item) {
  const label = el('span', { class: 'label' });
  const body = el('div', { class: 'tasks' });
  const node = el('details', { class: 'workflow', 'data-testid': 'client-tool', 'data-id': item.id },
    el('summary', {}, el('span', { class: 'mark', 'aria-hidden': 'true' }), label), body);
  const block = (name, value) => [el('p', {}, name), el('pre', { class: 'raw' }, typeof value === 'string' ? value : JSON.stringify(value, null, 2))];
  return {
    node,
    set(now) {
      const pending = now.status === 'pending';
      label.textContent = `${pending ? 'Asks this page' : 'Asked this page'}: ${now.name}`;
      node.dataset.status = pending ? 'loading' : 'complete';
      body.replaceChildren(...(Object.keys(now.arguments ?? {}).length ? block('Asked for', now.arguments) : []),
        ...(now.output !== undefined ? block('Answer', now.output) : pending ? [el('p', {}, 'There is no answer yet.')] : []));
    },
  };
}
