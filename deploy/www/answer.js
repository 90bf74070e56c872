/* SPDX-License-Identifier: MIT */
/* What the assistant says: parts of growing Markdown, and the sources that it cites. */
import { el, imageNode, own, safeHref } from './dom.js';
import { svgIcon } from './icons.js';
import { cite } from './inline.js';
import { Markdown } from './markdown.js';

export function assistantMessage(item, chat) {
  const node = el('article', { class: 'message assistant', 'aria-label': 'Assistant', 'data-testid': 'message', 'data-role': 'assistant', 'data-id': item.id });
  const parts = [];
  const part = (index) => parts[index] ??= (() => {
    const text = el('div', { class: 'prose' });
    const sources = el('ol', { class: 'sources', 'aria-label': 'Sources', 'data-testid': 'sources' });
    node.append(text, sources);
    return { text: '', annotations: [], root: text, sources, markdown: new Markdown(text) };
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
      for (const old of parts.splice(now.content.length)) { old.root.remove(); old.sources.remove(); }
      now.content.forEach((content, index) => put(index, content));
    },
    update: (change) => own(changes, change.type)?.(change),
    paint() {
      for (const { text, annotations, root, sources, markdown } of parts.filter(Boolean)) {
        const cited = number(annotations.filter((annotation) => annotation?.source));
        markdown.set(withMarks(text, cited.marks));
        for (const mark of root.querySelectorAll('.cite:empty')) fill(mark, cited.sources[mark.dataset.n - 1]);
        drawImages(root, chat?.domains);
        drawSources(sources, cited.sources);
      }
    },
  };
}

/* Several annotations of one source share its number. */
function number(annotations) {
  const sources = [];
  const numbers = new Map();
  const marks = [];
  for (const { source, index } of annotations) {
    const key = JSON.stringify([source.type, source.url ?? source.id ?? source.filename, source.title]);
    if (!numbers.has(key)) numbers.set(key, sources.push(source));
    if (Number.isInteger(index)) marks.push({ index, n: numbers.get(key) });
  }
  return { sources, marks: marks.sort((a, b) => a.index - b.index) };
}

/* The text with a mark at each index, which counts UTF-16 units as JavaScript does. What has not arrived yet has no mark yet. A mark must not change
   what the Markdown around it means: it goes to the end of a line rather than to the beginning of the next, behind the marks of a block, behind the
   address of a link, and before the border of a table. */
function withMarks(text, marks) {
  let out = '';
  let at = 0;
  for (const { index, n } of marks) {
    if (index > text.length) break;
    const to = Math.max(at, place(text, index));
    out += text.slice(at, to) + cite(n);
    at = to;
  }
  return out + text.slice(at);
}

function place(text, index) {
  let i = Math.max(0, index);
  if (/[\uDC00-\uDFFF]/.test(text[i] ?? '')) i++; /* half of a pair */
  while (i > 0 && /\s/.test(text[i - 1]) && (i === text.length || text[i] === '\n' || text[i - 1] === '\n')) i--;
  const start = text.lastIndexOf('\n', i - 1) + 1;
  const end = text.indexOf('\n', i) < 0 ? text.length : text.indexOf('\n', i);
  const line = text.slice(start, end);
  const block = /^(?:[ \t]*(?:#{1,6}[ \t]+|[-*+][ \t]+|\d{1,9}[.)][ \t]+|>[ \t]?|\|))*/.exec(line)[0].length;
  i = Math.max(i, start + block);
  for (const link of line.matchAll(/\]\([^\s()]*\)/g)) {
    if (i > start + link.index && i < start + link.index + link[0].length) i = start + link.index + link[0].length;
  }
  if (line.startsWith('|')) while (i > start + block && /[|\s]/.test(text[i - 1])) i--;
  return i;
}

const nameOf = (source) => source.title || source.label || source.filename || source.url || 'Source';

function fill(mark, source) {
  if (!source) return;
  const { n } = mark.dataset;
  const href = source.type === 'url' && safeHref(source.url);
  const label = source.inline_label || n;
  mark.append(el(href ? 'a' : 'span', {
    title: nameOf(source), 'aria-label': `Source ${n}: ${nameOf(source)}`, role: href ? null : 'note',
    ...(href ? { href, target: '_blank', rel: 'noopener noreferrer' } : {}),
  }, label));
}

const drawn = new WeakMap(); /* list: what it shows */

function drawSources(list, sources) {
  const json = JSON.stringify(sources);
  if (drawn.get(list) === json) return; /* a list that somebody reads is left alone */
  drawn.set(list, json);
  list.replaceChildren(...sources.map((source) => el('li', {}, sourceNode(source))));
}

/* A source as a line: a link, a file's name, an entity's label; an entity that could be clicked in another front end is only shown here. */
export function sourceNode(source) {
  const href = source.url && safeHref(source.url);
  const site = href ? source.attribution || new URL(href).hostname : source.attribution;
  const name = nameOf(source);
  const more = [site, source.description].filter((text) => text && text !== name).join(' · ');
  const icon = source.icon && svgIcon(source.icon);
  return el('span', { class: 'source', 'data-kind': source.type }, ...(icon ? [icon] : []),
    href ? el('a', { href, target: '_blank', rel: 'noopener noreferrer' }, name) : el('span', {}, name),
    ...(more ? [el('span', { class: 'more' }, ` ${more}`)] : []));
}

/* An image that somebody wrote is a link, unless the thread names its host as one to trust. */
function drawImages(root, domains) {
  if (!domains?.length) return;
  for (const link of root.querySelectorAll('a[data-image]')) {
    const image = imageNode(link.href, link.textContent, domains);
    if (image.localName === 'img') link.replaceWith(image);
    else delete link.dataset.image;
  }
}
