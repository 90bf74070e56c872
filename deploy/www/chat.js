/*
 * The chat page. It is also the smallest complete client of the protocol, so it is written to be read:
 *
 *   1. Wire           requests, errors, server-sent events
 *   2. Markdown       text of a model to DOM nodes, as it grows
 *   3. Items          one view per kind of thread item
 *   4. Conversation   one thread on the screen: load, send, stream, stop, retry
 *   5. Threads        the list at the side
 *   6. Page           composer, keyboard, scrolling, start
 *
 * All URLs are relative, so the page works below any path. Nothing that a model, a tool or a user wrote is ever parsed
 * as HTML: there is no innerHTML in this file.
 */
'use strict';

const $ = (id) => document.getElementById(id);

/* el('a', {class: 'x', href: '#'}, 'text', node): attributes that are null are left out, strings become text. */
function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value != null) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const template = (id) => $(id).content.firstElementChild.cloneNode(true);

/* ------------------------------------------------------------------------------------------------ 1. Wire */

class HttpError extends Error {
  constructor(status, message, retryAfter) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter; /* seconds, or NaN when the server did not say */
  }
}

/* Every request is a POST of JSON to our own origin; the session cookie travels with it. Every error of the server is
   {"message": ...}; a proxy in between may answer anything. */
async function post(path, body, { headers, signal } = {}) {
  let response;
  try {
    response = await fetch(path, {
      method: 'POST',
      credentials: 'same-origin',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
      signal,
    });
  } catch (error) {
    throw error.name === 'AbortError' ? error : new Error('The server could not be reached.');
  }
  if (response.ok) return response;
  const said = await response.json().catch(() => null);
  throw new HttpError(response.status, said?.message || `The server answered with status ${response.status}.`,
    parseFloat(response.headers.get('retry-after')));
}

/* One of the operations that answer JSON. */
const call = async (type, params) => (await post('api/chat', { type, params })).json();

/* All rows of threads.list or items.list. A page may be short, even empty, and still have more behind it. */
async function callForAll(type, params) {
  const rows = [];
  for (let after; ;) {
    const page = await call(type, { ...params, after });
    rows.push(...page.data);
    if (!page.has_more || !page.after || page.after === after) return rows;
    after = page.after;
  }
}

/* The events of a streaming answer. Of the event-stream format only `data` lines matter here; the rest are comments,
   which the server sends to keep the connection warm. A character or a line may be cut anywhere by the network. */
const LOST = 'The connection was lost before the answer was complete.';

async function* eventsOf(response) {
  if (!(response.headers.get('content-type') || '').startsWith('text/event-stream'))
    throw new Error('The server did not answer with a stream.');
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  let data = [];
  for (;;) {
    const { done, value } = await reader.read().catch((error) => { throw error.name === 'AbortError' ? error : new Error(LOST); });
    if (done) return; /* an event without its blank line is not an event */
    rest += decoder.decode(value, { stream: true });
    const lines = rest.split(/\r\n|\n|\r(?=[^])/); /* a CR at the very end may be half of a CRLF */
    rest = lines.pop();
    for (const line of lines) {
      if (line.startsWith('data:')) {
        data.push(line.slice(line[5] === ' ' ? 6 : 5));
      } else if (line === '' && data.length) {
        yield JSON.parse(data.join('\n'));
        data = [];
      }
    }
  }
}

/* 128 random bits. (crypto.randomUUID does not exist on plain http, where small installations live.) */
const randomId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('');

const pause = (ms, signal) => new Promise((resolve, reject) => {
  const timer = setTimeout(resolve, ms);
  signal.addEventListener('abort', () => { clearTimeout(timer); reject(signal.reason); }, { once: true });
});

/* -------------------------------------------------------------------------------------------- 2. Markdown */

/* The dialect that models write: paragraphs, headings, lists, quotes, tables, fenced code, emphasis, links. Unlike
   CommonMark a line break stays a line break, HTML is text, and an image is a link: an image would be fetched as soon
   as it is drawn, and its address could carry what was said to a stranger. Every expression below is linear. */
const MAX_NESTING = 8;

const FENCE = /^ {0,3}(`{3,}|~{3,}) *([^\s`]*)/;
const HEADING = /^ {0,3}(#{1,6})(?:[ \t]+(.*))?$/s;
const RULE = /^ {0,3}([-*_])(?: *\1){2,} *$/;
const LIST = /^(\s*)([-*+]|\d{1,9}[.)])(?:(\s+)(.*))?$/s;
const QUOTE = /^ {0,3}>[ \t]?/;
const TABLE_RULE = /^ *(?:\| *)?:?-+:? *(?:\| *:?-+:? *)*(?:\| *)?$/;

const indentOf = (line) => line.length - line.trimStart().length;
const isTable = (lines, i) => lines[i].includes('|') && i + 1 < lines.length && lines[i + 1].includes('-')
  && lines[i + 1].includes('|') && TABLE_RULE.test(lines[i + 1]);
const isOrdered = (marker) => marker.length > 1;

/* May this line end a paragraph? A number in a sentence that wrapped must not: only "1." begins a list there. */
function interrupts(lines, i) {
  const line = lines[i];
  const item = LIST.exec(line);
  return FENCE.test(line) || HEADING.test(line) || RULE.test(line) || QUOTE.test(line) || isTable(lines, i)
    || Boolean(item && item[4] && (!isOrdered(item[2]) || /^1[.)]/.test(item[2])));
}

/* Lines to blocks: {at: index of the first line, make(): Node}, and for fenced code also {language, code}. */
function parseBlocks(lines, depth = 0) {
  const blocks = [];
  for (let i = 0; i < lines.length;) {
    const at = i;
    const line = lines[i];
    let match;
    if (!line.trim()) {
      i++;
    } else if ((match = FENCE.exec(line))) {
      const [, fence, language] = match;
      const code = [];
      const indent = indentOf(line);
      for (i++; i < lines.length; i++) {
        const text = lines[i].trim();
        if (text.startsWith(fence) && text === fence[0].repeat(text.length)) { i++; break; }
        code.push(lines[i].slice(Math.min(indent, indentOf(lines[i]))));
      }
      blocks.push({ at, language, code: code.join('\n'), make() { return makeCode(language, this.code); } });
    } else if ((match = HEADING.exec(line))) {
      const [, marks, text = ''] = match;
      i++;
      /* The page has a level 1 of its own, and a chat needs no six sizes. */
      blocks.push({ at, make: () => el(`h${Math.min(marks.length + 2, 6)}`, {}, ...inline(text.replace(/\s#+\s*$/, ''))) });
    } else if (RULE.test(line)) {
      i++;
      blocks.push({ at, make: () => el('hr') });
    } else if (depth < MAX_NESTING && QUOTE.test(line)) {
      const inner = [];
      for (; i < lines.length && QUOTE.test(lines[i]); i++) inner.push(lines[i].replace(QUOTE, ''));
      blocks.push({ at, make: () => el('blockquote', {}, ...makeBlocks(inner, depth + 1)) });
    } else if (isTable(lines, i)) {
      const rows = [];
      for (; i < lines.length && lines[i].includes('|'); i++) rows.push(cellsOf(lines[i]));
      blocks.push({ at, make: () => makeTable(rows) });
    } else if (depth < MAX_NESTING && LIST.test(line)) {
      const list = parseList(lines, i);
      i = list.end;
      blocks.push({ at, make: () => makeList(list, depth + 1) });
    } else {
      do i++; while (i < lines.length && lines[i].trim() && !interrupts(lines, i));
      const text = lines.slice(at, i).map((s) => s.trim()).join('\n');
      blocks.push({ at, make: () => el('p', {}, ...inline(text)) });
    }
  }
  return blocks;
}

const makeBlocks = (lines, depth) => parseBlocks(lines, depth).map((block) => block.make());

/* A list goes on while lines are items of its kind, or are indented below an item, or continue its last line. */
function parseList(lines, start) {
  const first = LIST.exec(lines[start]);
  const base = first[1].length;
  const ordered = isOrdered(first[2]);
  const items = [];
  let i = start;
  let width = 0; /* where the text of the current item begins */
  const nested = (line) => indentOf(line) >= base + 2;
  const sibling = (line) => {
    const match = LIST.exec(line);
    return match && !nested(line) && isOrdered(match[2]) === ordered && !RULE.test(line) ? match : null;
  };
  for (; i < lines.length; i++) {
    const line = lines[i];
    const item = sibling(line);
    if (item) {
      items.push([item[4] || '']);
      width = item[1].length + item[2].length + Math.min((item[3] || ' ').length, 4);
    } else if (!line.trim()) {
      let next = i + 1;
      while (next < lines.length && !lines[next].trim()) next++;
      if (next === lines.length || !(nested(lines[next]) || sibling(lines[next]))) break;
      items.at(-1).push('');
      i = next - 1;
    } else if (nested(line)) {
      items.at(-1).push(line.slice(Math.min(indentOf(line), width)));
    } else if (lines[i - 1].trim() && !interrupts(lines, i)) {
      items.at(-1).push(line.trim());
    } else {
      break;
    }
  }
  return { ordered, from: ordered ? parseInt(first[2], 10) : null, items, end: i };
}

function makeList({ ordered, from, items }, depth) {
  const list = el(ordered ? 'ol' : 'ul', { start: ordered && from !== 1 ? from : null });
  for (const item of items) {
    const box = /^\[([ xX])\]\s/.exec(item[0]);
    if (box) item[0] = item[0].slice(box[0].length);
    const node = el('li', { class: box && 'check' }, ...makeBlocks(item, depth));
    if (box) node.prepend(el('span', { class: 'box', role: 'img', 'aria-label': box[1] === ' ' ? 'open' : 'done' }, box[1] === ' ' ? '☐' : '☑'));
    list.append(node);
  }
  return list;
}

function cellsOf(line) {
  const cells = line.trim().split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|'));
  if (cells[0] === '') cells.shift();
  if (cells.at(-1) === '') cells.pop();
  return cells;
}

function makeTable([head, rule, ...rows]) {
  const align = rule.map((cell) => (cell.endsWith(':') ? (cell.startsWith(':') ? 'center' : 'right') : null));
  const row = (tag, cells) => el('tr', {}, ...head.map((_, i) => el(tag, { class: align[i] }, ...inline(cells[i] || ''))));
  return el('div', { class: 'table', tabindex: 0 }, el('table', {},
    el('thead', {}, row('th', head)), el('tbody', {}, ...rows.map((cells) => row('td', cells)))));
}

function makeCode(language, text) {
  const node = template('t-code');
  const code = node.querySelector('code');
  const button = node.querySelector('button');
  node.querySelector('span').textContent = language;
  code.textContent = text;
  button.addEventListener('click', async () => {
    button.textContent = (await copy(code)) ? 'Copied' : 'Copy failed';
    setTimeout(() => { button.textContent = 'Copy'; }, 1500);
  });
  return node;
}

/* navigator.clipboard exists on https and localhost only; the old way works everywhere. */
async function copy(node) {
  try {
    await navigator.clipboard.writeText(node.textContent);
    return true;
  } catch {
    getSelection().selectAllChildren(node);
    return document.execCommand('copy');
  }
}

/* Escape, code, emphasis, link or image, <address>, bare address, line break. */
const INLINE = new RegExp([
  /\\([!-/:-@[-`{-~])/,
  /(`+)/,
  /(\*{1,3}|_{1,3}|~~)/,
  /!?\[([^[\]\n]{0,1000})\]\(\s*<?([^\s()<>]{0,2000}(?:\([^\s()<>]{0,2000}\)[^\s()<>]{0,2000})?)>?(?:\s+"[^"\n]{0,300}")?\s*\)/,
  /<((?:https?:\/\/|mailto:)[^\s<>]{1,2000})>/,
  /\b(https?:\/\/[^\s<>"`]{1,2000})/,
  /(\n)/,
].map((part) => part.source).join('|'), 'g');

const EMPHASIS = { '*': ['em'], _: ['em'], '**': ['strong'], __: ['strong'], '***': ['strong', 'em'], ___: ['strong', 'em'], '~~': ['del'] };

/* Text of one block to nodes. Emphasis that is open lies on a stack; what is never closed turns back into its marks. */
function inline(text, links = true) {
  const stack = [{ mark: '', nodes: [] }];
  const top = () => stack.at(-1).nodes;
  const unwind = (to) => {
    while (stack.length > to) {
      const { mark, nodes } = stack.pop();
      top().push(mark, ...nodes);
    }
  };
  const link = (href, ...label) => {
    const safe = links && safeHref(href);
    top().push(...(safe ? [el('a', { href: safe, target: '_blank', rel: 'noopener noreferrer' }, ...label)] : label));
  };
  let at = 0;
  const scan = new RegExp(INLINE);
  for (let match; (match = scan.exec(text));) {
    if (match.index > at) top().push(text.slice(at, match.index));
    at = scan.lastIndex;
    const [all, escaped, ticks, mark, label, target, angled, bare, newline] = match;
    if (escaped) {
      top().push(escaped);
    } else if (ticks) {
      const close = closingTicks(text, at, ticks.length);
      if (close < 0) {
        top().push(ticks);
      } else {
        top().push(el('code', {}, text.slice(at, close).replace(/^ (?=.*[^ ])([^]*) $/, '$1')));
        at = scan.lastIndex = close + ticks.length;
      }
    } else if (mark) {
      emphasis(mark, text[match.index - 1] || ' ', text[at] || ' ');
    } else if (label !== undefined) {
      link(target, ...inline(label || target, false));
    } else if (angled) {
      link(angled, angled);
    } else if (bare) {
      const end = /[.,;:!?'"*_~)\]]+$/.exec(bare)?.index ?? bare.length; /* the full stop is the sentence's */
      at = scan.lastIndex = match.index + end;
      link(bare.slice(0, end), bare.slice(0, end));
    } else {
      top().push(newline ? el('br') : all);
    }
  }
  top().push(text.slice(at));
  unwind(1);
  return stack[0].nodes;

  function emphasis(mark, before, after) {
    const wordy = mark[0] === '_'; /* snake_case is not emphasis */
    const open = stack.findLastIndex((frame) => frame.mark === mark);
    if (open > 0 && /\S/.test(before) && !(wordy && /\w/.test(after))) {
      unwind(open + 1);
      const { nodes } = stack.pop();
      top().push(EMPHASIS[mark].reduceRight((inner, tag) => [el(tag, {}, ...inner)], nodes)[0]);
    } else if (open < 0 && /\S/.test(after) && !(wordy && /\w/.test(before))) {
      stack.push({ mark, nodes: [] });
    } else {
      top().push(mark);
    }
  }
}

function closingTicks(text, from, length) {
  const runs = /`+/g;
  runs.lastIndex = from;
  for (let run; (run = runs.exec(text));) if (run[0].length === length) return run.index;
  return -1;
}

/* An address that a reader may be led to: absolute, and of a scheme that cannot run anything. */
function safeHref(href) {
  try {
    const url = new URL(href);
    return ['http:', 'https:', 'mailto:'].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/* Markdown that grows. Once a later block has begun, whole lines cannot change their meaning any more: such blocks are
   settled and their nodes stay (so do a selection in them and their scroll position). Only the last block is made
   again, so a long answer costs what its last block costs. */
class Markdown {
  constructor(root) {
    this.root = root;
    this.reset();
  }

  reset() {
    this.root.replaceChildren();
    this.text = '';
    this.settled = 0; /* characters */
    this.tail = []; /* nodes of the rest */
    this.code = null; /* {node, language}, when the rest is one block of code */
  }

  set(text) {
    if (text === this.text) return;
    if (!text.startsWith(this.text)) this.reset();
    this.text = text;

    const whole = text.slice(this.settled, text.lastIndexOf('\n') + 1).split('\n');
    const done = parseBlocks(whole);
    const last = done.pop();
    if (done.length) {
      this.drop();
      this.root.append(...done.map((block) => block.make()));
      for (let i = 0; i < last.at; i++) this.settled += whole[i].length + 1;
    }

    const rest = parseBlocks(text.slice(this.settled).split('\n'));
    const code = rest.length === 1 && rest[0].code !== undefined ? rest[0] : null;
    if (code && this.code?.language === code.language) {
      this.code.node.textContent = code.code;
      return;
    }
    this.drop();
    this.tail = rest.map((block) => block.make());
    this.root.append(...this.tail);
    if (code) this.code = { node: this.tail[0].querySelector('code'), language: code.language };
  }

  drop() {
    for (const node of this.tail) node.remove();
    this.tail = [];
    this.code = null;
  }
}

/* ----------------------------------------------------------------------------------------------- 3. Items */

/* A view shows one thread item: {node, set(item), update?(update), paint?()}. `set` takes the whole item, `update` one
   of the changes that stream in between; both leave drawing of growing text to `paint`, at most once a frame. */
const itemViews = {
  user_message: userMessage,
  assistant_message: assistantMessage,
  workflow,
  task: (item) => workflow({ ...item, workflow: { type: 'custom', tasks: [item.task] } }),
  end_of_turn: () => ({ node: el('div', { hidden: '' }), set() {} }),
};

const makeView = (item) => (itemViews[item.type] || unsupported)(item);

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

function assistantMessage(item) {
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
    update: (change) => changes[change.type]?.(change),
    paint() {
      for (const { text, annotations, sources, markdown } of parts.filter(Boolean)) {
        markdown.set(text);
        sources.replaceChildren(...annotations.filter(Boolean).map(({ source }) => el('li', {}, sourceNode(source))));
      }
    },
  };
}

function sourceNode(source) {
  const name = source.title || source.filename || source.url || 'Source';
  const href = source.url && safeHref(source.url);
  return href ? el('a', { href, target: '_blank', rel: 'noopener noreferrer' }, name) : el('span', {}, name);
}

/* The tools that ran, or the thoughts of a reasoning model: one quiet line that unfolds. */
function workflow(item) {
  const label = el('span', { class: 'label' });
  const list = el('ul', { class: 'tasks' });
  const node = el('details', { class: 'workflow', 'data-testid': 'workflow', 'data-id': item.id },
    el('summary', {}, el('span', { class: 'mark', 'aria-hidden': 'true' }), label), list);
  let state = { tasks: [] };
  const draw = () => {
    const running = state.tasks.find((task) => task?.status_indicator === 'loading');
    label.textContent = workflowLabel(state, running);
    const thinking = state.type === 'reasoning' && !state.summary;
    const complete = state.summary || state.tasks.some((task) => task.status_indicator === 'complete');
    node.dataset.status = running || thinking ? 'loading' : complete ? 'complete' : 'none';
    list.replaceChildren(...state.tasks.filter(Boolean).map(taskNode));
  };
  return {
    node,
    set(now) {
      state = { ...now.workflow, tasks: [...(now.workflow.tasks ?? [])] };
      if (state.expanded) node.open = true;
      draw();
    },
    update(change) {
      if (!change.type.startsWith('workflow.task.')) return;
      state.tasks[change.task_index] = change.task; /* always the whole task */
      draw();
    },
  };
}

function workflowLabel({ type, tasks, summary }, running) {
  if (summary?.title) return summary.title;
  if (type === 'reasoning') return summary?.duration != null ? `Thought for ${Math.max(1, summary.duration)} s` : 'Thinking';
  if (running?.title || tasks.length === 1) return (running ?? tasks[0]).title || '1 step';
  return `${tasks.length} steps`;
}

function taskNode(task) {
  const text = el('div', { class: 'prose' });
  const title = task.title || task.title_query || task.queries?.join(', ');
  if (/^\s*[[{]/.test(task.content ?? '')) text.append(el('pre', { class: 'raw' }, task.content)); /* what a tool answered, as it is */
  else new Markdown(text).set(task.content ?? '');
  return el('li', { 'data-testid': 'task', 'data-status': task.status_indicator || 'none' },
    el('span', { class: 'mark', 'aria-hidden': 'true' }),
    el('div', {}, ...(title ? [el('p', { class: 'task-title' }, title)] : []), text,
      ...(task.sources ?? []).map((source) => el('p', {}, sourceNode(source)))));
}

/* Growing text is drawn once a frame, however many deltas came. If drawing is slow (a huge last block on a small
   machine), the pause grows with it, so that most of the time stays the reader's. */
const painter = {
  dirty: new Set(),
  waiting: false,
  notBefore: 0,
  add(view) {
    this.dirty.add(view);
    if (this.waiting) return;
    this.waiting = true;
    setTimeout(() => requestAnimationFrame(() => this.paint()), Math.max(0, this.notBefore - performance.now()));
  },
  paint() {
    const start = performance.now();
    this.waiting = false;
    for (const view of this.dirty) view.paint?.();
    this.dirty.clear();
    scroll.follow();
    const end = performance.now();
    this.notBefore = end + 3 * (end - start);
  },
};

/* ---------------------------------------------------------------------------------------- 4. Conversation */

/* One thread on the screen. It keeps its nodes while it streams, so a reader may look at another chat meanwhile without
   stopping the answer (leaving a stream is how this protocol says Stop). */
class Conversation {
  constructor(id) {
    this.id = id; /* null until the server has made the thread */
    this.views = new Map(); /* item id: view, with the item as last set */
    this.list = el('div', { class: 'items' });
    this.tail = el('div', { class: 'tail' }); /* what is not stored: progress, notices, the error */
    this.node = el('div', { class: 'conversation' }, this.list, this.tail);
    this.controller = null; /* aborts the stream; null when none runs */
    this.canStop = true;
    this.loading = false;
    this.stopping = null; /* the promise of the last cancel request */
  }

  get streaming() { return this.controller !== null; }
  get empty() { return this.views.size === 0 && !this.tail.hasChildNodes(); }

  /* --- items --- */

  /* Adds an item or brings its view up to date. A view survives its item's changes unless the kind changed. */
  put(item) {
    const old = this.views.get(item.id);
    const json = JSON.stringify(item);
    if (old?.json === json) return old;
    if (old?.type === item.type) {
      old.json = json;
      old.set(item);
      painter.add(old);
      return old;
    }
    const view = Object.assign(makeView(item), { type: item.type, json });
    view.set(item);
    view.paint?.();
    if (old) old.node.replaceWith(view.node);
    else this.list.append(view.node);
    this.views.set(item.id, view);
    return view;
  }

  remove(id) {
    this.views.get(id)?.node.remove();
    this.views.delete(id);
  }

  removeAfter(id) {
    const ids = [...this.views.keys()];
    if (this.views.has(id)) for (const later of ids.slice(ids.indexOf(id) + 1)) this.remove(later);
  }

  /* The server has stored the message that is on the screen under a name of our own. */
  rename(oldId, item) {
    const view = this.views.get(oldId);
    this.views.delete(oldId);
    this.views.set(item.id, view);
    this.put(item);
  }

  /* Makes the screen show exactly these items, touching only what differs. */
  show(items) {
    const ids = new Set(items.map((item) => item.id));
    for (const id of [...this.views.keys()]) if (!ids.has(id)) this.remove(id);
    const ordered = new Map();
    let next = this.list.firstChild;
    for (const item of items) {
      const view = this.put(item);
      ordered.set(item.id, view);
      if (view.node === next) next = next.nextSibling;
      else this.list.insertBefore(view.node, next);
    }
    this.views = ordered;
    painter.paint();
  }

  /* Loads the items, or looks whether there are newer ones: an answer may have been finished while nobody watched. */
  async load() {
    if (!this.id || this.loading || this.streaming) return;
    this.loading = true;
    if (this === current) page.update();
    try {
      const items = await callForAll('items.list', { thread_id: this.id, limit: 100, order: 'asc' });
      if (this.streaming) return; /* a message was sent meanwhile: the screen is ahead of what was read */
      this.show(items);
      this.tail.querySelector('.unanswered')?.remove();
      const last = items.at(-1);
      if (last?.type === 'user_message') {
        this.request = { sent: last.id, text: textOf(last) };
        this.unanswered();
      }
    } catch (error) {
      if (this.views.size === 0) this.fail(error.message, error.status === 404 ? null : () => this.load());
    } finally {
      this.loading = false;
      if (this === current) page.update();
    }
  }

  /* --- what is said beside the items --- */

  progress(text) {
    this.tail.querySelector('.progress')?.remove();
    if (text !== null) this.tail.prepend(el('p', { class: 'progress' }, el('span', { class: 'dots', 'aria-hidden': 'true' }, el('i'), el('i'), el('i')), text));
    scroll.follow();
  }

  box(kind, role, retry, ...children) {
    const node = el('div', { class: kind, role, 'data-testid': kind }, ...children);
    if (retry) {
      const button = el('button', { type: 'button', 'data-testid': 'retry' }, 'Try again');
      button.addEventListener('click', () => { node.remove(); retry(); });
      node.append(button);
    }
    this.tail.append(node);
    scroll.follow();
    if (this === current) page.update();
    return node;
  }

  fail(message, retry = null) {
    this.box('error', 'alert', retry, el('p', {}, message));
  }

  notice({ level, title, message }, retry) {
    const text = el('div', { class: 'prose' });
    new Markdown(text).set(message ?? '');
    const node = this.box('notice', 'status', retry, ...(title ? [el('strong', {}, title)] : []), text);
    node.dataset.level = level;
    return node;
  }

  /* The answer may still be written, or it was stopped before its first word. */
  unanswered() {
    this.notice({ level: 'info', message: 'There is no answer to this message yet.' }, () => this.retry()).classList.add('unanswered');
  }

  /* --- sending --- */

  send(text) {
    const input = { content: [{ type: 'input_text', text }], attachments: [], quoted_text: '', inference_options: {} };
    const shown = `unsent-${randomId()}`;
    this.put({ id: shown, type: 'user_message', content: input.content });
    scroll.stick = true;
    return this.run({
      type: this.id ? 'threads.add_user_message' : 'threads.create',
      params: this.id ? { thread_id: this.id, input } : { input },
      shown, text, sent: null,
    });
  }

  /* A message that the server has stored is answered again; one that it may never have seen is sent again, under the
     same name, so that a server that did see it can tell. */
  retry() {
    const last = this.request;
    if (!last.sent) return this.run(last);
    return this.run({ ...last, name: null, type: 'threads.retry_after_item', params: { thread_id: this.id, item_id: last.sent } });
  }

  async run(request) {
    this.request = request;
    request.name ??= randomId();
    this.controller = new AbortController();
    this.canStop = true;
    this.failed = false; /* the server itself said that it failed */
    this.unfinished = new Set(); /* answers that were begun */
    if (this.id) {
      background.set(this.id, this);
      threads.toTop(this.id); /* the server orders by the last message */
    }
    this.tail.replaceChildren();
    this.progress('');
    page.update();
    let announce = false;
    try {
      await this.stopping;
      const response = await this.open(request, this.controller.signal);
      if (request.type === 'threads.retry_after_item') this.removeAfter(request.sent);
      for await (const event of eventsOf(response)) events[event.type]?.(this, event);
      /* A stream that just ends is a good end, unless something was left open. */
      if (!this.failed && (!request.sent || this.unfinished.size)) throw new Error(LOST);
      announce = !this.failed;
      if (announce && [...this.views.keys()].at(-1) === request.sent && !this.tail.querySelector('.notice')) this.unanswered();
    } catch (error) {
      if (this.controller.signal.aborted) {
        /* Stop: what has arrived stays. Before that, nobody knows whether the message itself arrived. */
        if (!request.sent) this.fail('Stopped before the server had confirmed this message.', () => this.retry());
      } else if (request.type === 'threads.retry_after_item' && [400, 404, 405, 410, 422].includes(error.status)) {
        this.removeAfter(request.sent); /* the server does not know it, or does not offer retry: the same text, as new */
        this.remove(request.sent);
        return this.send(request.text);
      } else if (error.status < 500 && ![408, 425, 429].includes(error.status) && !request.sent) {
        /* Refused for good, say because it is too long: the text goes back to where it can be changed. */
        this.remove(request.shown);
        this.fail(error.message);
        page.giveBack(request.text);
      } else {
        this.fail(error.message, () => this.retry());
      }
    }
    this.controller = null;
    this.progress(null);
    painter.paint();
    background.delete(this.id);
    page.update();
    if (announce) page.announce(this);
    return undefined;
  }

  /* A server that is full says so before it has done anything, and when to come back. */
  async open(request, signal) {
    for (let attempt = 1; ; attempt++) {
      try {
        return await post('api/chat', { type: request.type, params: request.params },
          /* The server recognises a repeated send by this header and the body. The component sends one value a page;
             one a send is more exact: the same text sent twice on purpose is two messages. */
          { signal, headers: { accept: 'text/event-stream', 'chatkit-frame-instance-id': request.name } });
      } catch (error) {
        if (error.status !== 503 || Number.isNaN(error.retryAfter) || attempt > 3) throw error;
        const seconds = Math.min(Math.max(error.retryAfter, 1), 30);
        this.progress(`The server is busy. Trying again in ${Math.ceil(seconds)} s (${attempt} of 3).`);
        await pause(seconds * 1000, signal);
        this.progress('');
      }
    }
  }

  /* Leaving the stream is how the protocol says Stop. A server may be configured to finish an answer that nobody
     watches, so ours is told in words, too; the next message waits for that, or it could be the one that is stopped. */
  stop() {
    if (!this.canStop || !this.streaming) return;
    this.controller.abort();
    if (this.id) this.stopping = post('api/chat/cancel', { thread_id: this.id }).catch(() => {});
  }
}

/* The events of a stream. Those that this page does not know, or has no use for (client_effect), pass unseen. */
const events = {
  'thread.created': (chat, { thread }) => {
    chat.id = thread.id;
    background.set(thread.id, chat);
    threads.put(thread);
    if (chat === current) page.showAddress(thread.id);
  },
  'thread.updated': (chat, { thread }) => threads.put(thread),
  'thread.item.added': (chat, { item }) => {
    chat.put(item);
    if (item.type === 'assistant_message') chat.unfinished.add(item.id);
    chat.progress(item.type === 'assistant_message' ? null : '');
  },
  'thread.item.updated': (chat, { item_id: id, update }) => {
    const view = chat.views.get(id);
    if (!view?.update) return;
    view.update(update);
    view.json = null; /* no longer what was set */
    painter.add(view);
  },
  'thread.item.done': (chat, { item }) => {
    const { request } = chat;
    chat.unfinished.delete(item.id);
    if (item.type === 'user_message' && !request.sent) {
      request.sent = item.id;
      chat.rename(request.shown, item);
    } else {
      chat.put(item);
      if (item.type !== 'assistant_message') chat.progress('');
    }
  },
  'thread.item.replaced': (chat, { item }) => chat.put(item),
  'thread.item.removed': (chat, { item_id: id }) => {
    chat.unfinished.delete(id);
    chat.remove(id);
  },
  stream_options: (chat, { stream_options: options }) => {
    chat.canStop = options.allow_cancel !== false;
    page.update();
  },
  progress_update: (chat, { text }) => chat.progress(text),
  notice: (chat, event) => chat.notice(event),
  error: (chat, { message, allow_retry: retry }) => {
    chat.failed = true;
    chat.fail(message || 'Something went wrong while answering.', retry ? () => chat.retry() : null);
  },
};

const textOf = (item) => item.content.map((part) => part.text ?? '').join('');

/* ---------------------------------------------------------------------------------------------- 5. Threads */

const threads = {
  rows: new Map(), /* id: {thread, node} */

  async load() {
    const all = await callForAll('threads.list', { limit: 9999, order: 'desc' });
    const ids = new Set(all.map((thread) => thread.id));
    for (const id of [...this.rows.keys()]) if (!ids.has(id) && !background.has(id)) this.remove(id);
    for (const thread of all) this.put(thread);
    if ($('threads').querySelector('[data-mode]')) return; /* somebody types in a row: not the moment to move rows */
    for (const id of [...ids].reverse()) this.toTop(id);
  },

  toTop(id) {
    const node = this.rows.get(id)?.node;
    if (node && node !== $('threads').firstElementChild) $('threads').prepend(node);
  },

  /* Adds a thread on top, or brings its row up to date. */
  put(thread) {
    let row = this.rows.get(thread.id);
    if (!row) {
      row = { node: template('t-thread') };
      this.rows.set(thread.id, row);
      $('threads').prepend(row.node);
      row.node.dataset.id = thread.id;
      row.node.querySelector('.thread-title').href = page.address(thread.id); /* the address is the selection */
      row.node.querySelector('.rename').addEventListener('click', () => this.rename(row));
      row.node.querySelector('.delete').addEventListener('click', () => this.confirmDelete(row));
    }
    row.thread = thread;
    const title = row.node.querySelector('.thread-title');
    title.textContent = title.title = this.titleOf(thread.id);
    if (thread.id === current?.id) page.update();
  },

  titleOf(id) { return this.rows.get(id)?.thread.title || 'New chat'; },

  remove(id) {
    this.rows.get(id)?.node.remove();
    this.rows.delete(id);
  },

  mark(id) {
    $('threads').querySelector('[aria-current]')?.removeAttribute('aria-current');
    this.rows.get(id)?.node.querySelector('.thread-title').setAttribute('aria-current', 'page');
  },

  /* A row shows a form instead of its title for a while. Returns a function that brings the title back and says whether
     it was still gone: taking away what has the focus is a blur, so the end of a form may come twice. */
  swap(row, form, focus) {
    row.node.dataset.mode = form.className;
    row.node.append(form);
    focus.focus();
    let open = true;
    const close = (refocus) => {
      if (!open) return false;
      open = false;
      delete row.node.dataset.mode;
      form.remove();
      if (refocus) row.node.querySelector('.thread-title').focus();
      return true;
    };
    form.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      event.stopPropagation(); /* Escape stops an answer, too; not this time */
      close(true);
    });
    return close;
  },

  rename(row) {
    const input = template('t-rename');
    input.value = row.thread.title || '';
    const close = this.swap(row, input, input);
    input.select();
    const save = async (refocus) => {
      const title = input.value.trim();
      if (!close(refocus) || !title || title === row.thread.title) return;
      const before = row.thread;
      this.put({ ...before, title });
      try {
        this.put({ ...before, ...await call('threads.update', { thread_id: before.id, title }) });
      } catch (error) {
        this.put(before);
        page.toast(error.message);
      }
    };
    input.addEventListener('keydown', (event) => { if (event.key === 'Enter' && !event.isComposing) save(true); });
    input.addEventListener('blur', () => save(false));
  },

  confirmDelete(row) {
    const form = template('t-confirm');
    const cancel = form.querySelector('.cancel');
    const close = this.swap(row, form, cancel);
    cancel.addEventListener('click', () => close(true));
    form.querySelector('.confirm-delete').addEventListener('click', async () => {
      const { id } = row.thread;
      try {
        await call('threads.delete', { thread_id: id });
      } catch (error) {
        close(true);
        if (error.status !== 404) return page.toast(error.message);
      }
      background.get(id)?.stop();
      this.remove(id);
      if (current.id === id) page.newChat();
      else $('composer').focus();
      return undefined;
    });
  },
};

/* ------------------------------------------------------------------------------------------------- 6. Page */

let current = null; /* the Conversation on the screen */
const background = new Map(); /* thread id: Conversation that still streams */
const narrow = matchMedia('(max-width: 760px)');
const touch = matchMedia('(pointer: coarse)'); /* where a focus brings up a keyboard */

/* The view follows a growing answer only while the reader is at the bottom. */
const scroll = {
  stick: true,
  init() {
    const box = $('scroller');
    const look = () => {
      this.stick = box.scrollHeight - box.scrollTop - box.clientHeight < 48;
      $('jump').hidden = this.stick;
    };
    box.addEventListener('scroll', look, { passive: true });
    new ResizeObserver(() => this.follow()).observe(box); /* the composer grew, or a keyboard came up */
    $('jump').addEventListener('click', () => { this.stick = true; this.follow(); });
  },
  follow() {
    const box = $('scroller');
    if (this.stick) box.scrollTop = box.scrollHeight;
    $('jump').hidden = this.stick;
  },
};

const page = {
  session: null,
  booted: false,

  /* Draws everything that depends on which conversation is shown and on what it does. */
  update() {
    const { streaming } = current;
    const waiting = !this.booted || (current.loading && current.views.size === 0);
    document.body.dataset.state = streaming ? 'streaming' : waiting ? 'booting' : 'ready';
    current.node.classList.toggle('streaming', streaming);
    const title = current.id ? threads.titleOf(current.id) : 'New chat';
    $('title').textContent = title;
    document.title = current.id ? `${title} · ${this.session.title}` : this.session.title;
    $('welcome').hidden = Boolean(current.id) || !current.empty;
    threads.mark(current.id);

    const status = threads.rows.get(current.id)?.thread.status;
    const open = !status || status.type === 'active';
    const composer = $('composer');
    composer.disabled = !open;
    composer.placeholder = open ? 'Write a message' : status.reason || 'This chat is closed.';
    const hadFocus = document.activeElement === $('stop') || document.activeElement === $('send');
    $('send').hidden = streaming && current.canStop;
    $('stop').hidden = !(streaming && current.canStop);
    this.typed();
    if (hadFocus) composer.focus(); /* the button that had it is gone or disabled */
  },

  typed() {
    const composer = $('composer');
    $('send').disabled = current.streaming || composer.disabled || !composer.value.trim();
  },

  /* Shows the thread that the address names. */
  async open() {
    const id = new URLSearchParams(location.hash.slice(1)).get('thread');
    if (id && id === current?.id) return;
    current?.node.remove();
    current = background.get(id) ?? new Conversation(id);
    $('conversation').replaceChildren(current.node);
    scroll.stick = true;
    this.update();
    scroll.follow();
    this.drawer(false);
    if (!touch.matches) $('composer').focus();
    await current.load();
  },

  newChat() {
    if (location.hash) history.pushState(null, '', location.pathname + location.search);
    this.open();
  },

  /* A thread that was just made is the one on the screen already: the address changes, nothing else. */
  showAddress(id) { history.replaceState(null, '', this.address(id)); },

  address: (id) => `#${new URLSearchParams({ thread: id })}`,

  /* Says a finished answer to a screen reader, once and whole, not delta by delta. */
  announce(chat) {
    const answers = [...chat.list.querySelectorAll('.assistant')];
    if (chat === current && answers.length) $('live').textContent = answers.at(-1).textContent.slice(0, 1000);
  },

  /* A failure that belongs to no conversation. */
  toast(message) {
    const node = el('div', { class: 'toast', role: 'alert', 'data-testid': 'error' }, message);
    document.body.append(node);
    setTimeout(() => node.remove(), 6000);
  },

  /* On a narrow screen the list of chats is a drawer; what is covered, and what is outside, cannot be reached. */
  drawer(open) {
    const wasOpen = document.body.dataset.drawer === 'open';
    document.body.dataset.drawer = open && narrow.matches ? 'open' : 'closed';
    $('sidebar').inert = narrow.matches && !open;
    $('main').inert = narrow.matches && open;
    $('open-menu').setAttribute('aria-expanded', String(open && narrow.matches));
    if (open && narrow.matches) $('close-menu').focus();
    else if (wasOpen) $('open-menu').focus();
  },

  submit(text) {
    if (!text.trim() || current.streaming || $('composer').disabled) return;
    $('composer').value = '';
    this.grow();
    current.send(text.trim());
    if (!touch.matches) $('composer').focus();
  },

  giveBack(text) {
    if ($('composer').value) return; /* something newer is being written */
    $('composer').value = text;
    this.grow();
    this.typed();
  },

  grow() {
    const composer = $('composer');
    composer.style.height = 'auto';
    composer.style.height = `${composer.scrollHeight}px`; /* the style sheet holds the maximum */
  },

  listen() {
    const composer = $('composer');
    composer.addEventListener('input', () => { this.grow(); this.typed(); });
    composer.addEventListener('keydown', (event) => {
      /* While an input method composes, Enter picks a word (229: Safari says so a moment too late). */
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      this.submit(composer.value);
    });
    $('form').addEventListener('submit', (event) => { event.preventDefault(); this.submit(composer.value); });
    $('stop').addEventListener('click', () => current.stop());
    $('skip').addEventListener('click', (event) => { event.preventDefault(); composer.focus(); });
    $('examples').addEventListener('click', (event) => { if (event.target.closest('button')) this.submit(event.target.textContent); });
    for (const id of ['new-chat', 'new-chat-bar']) $(id).addEventListener('click', () => this.newChat());
    $('open-menu').addEventListener('click', () => this.drawer(true));
    for (const id of ['close-menu', 'shade']) $(id).addEventListener('click', () => this.drawer(false));
    narrow.addEventListener('change', () => this.drawer(false));
    addEventListener('hashchange', () => this.open());
    document.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      if (document.body.dataset.drawer === 'open') this.drawer(false);
      else current.stop();
    });
    /* Who comes back to the page sees what happened elsewhere: an answer that was finished, a chat from another tab.
       Not while an error waits for a decision. What is typed is not touched. */
    const refresh = () => {
      if (document.visibilityState !== 'visible' || current.streaming) return;
      threads.load().catch(() => {});
      if (!current.tail.querySelector('.error')) current.load();
    };
    addEventListener('focus', refresh);
    document.addEventListener('visibilitychange', refresh);
    scroll.init();
  },

  /* One session request comes before everything else: it sets the cookie, and two first requests side by side would
     make two visitors. */
  async start() {
    this.session = await (await post('api/chat/session', {})).json();
    if (this.session.domain_key) return this.mountComponent();
    this.session.title ||= 'Chat';
    $('brand').textContent = this.session.title;
    $('model').textContent = this.session.model ?? '';
    $('demo-note').hidden = !this.session.demo;
    const opened = this.open();
    this.listen();
    await Promise.all([threads.load(), opened]);
    this.booted = true;
    return this.update();
  },

  /* OpenAI's hosted component on the same backend, for operators who configured a domain key. */
  async mountComponent() {
    const script = el('script', { src: 'https://cdn.platform.openai.com/deployments/chatkit/chatkit.js' });
    const failed = new Promise((_, reject) => { script.onerror = () => reject(new Error('The chat component could not be loaded.')); });
    document.head.append(script);
    await Promise.race([customElements.whenDefined('openai-chatkit'), failed]);
    const component = document.createElement('openai-chatkit');
    component.setOptions({ api: { url: new URL('api/chat', document.baseURI).href, domainKey: this.session.domain_key } });
    /* Our policy refuses a <style> element inside the component as anywhere else; its frame gets its size from here. */
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('div, iframe { position: absolute; inset: 0; width: 100%; height: 100%; border: 0; }');
    component.shadowRoot?.adoptedStyleSheets.push(sheet);
    document.body.replaceChildren(component);
    document.body.dataset.state = 'ready';
  },
};

async function boot() {
  try {
    await page.start();
  } catch (error) {
    const button = el('button', { type: 'button', 'data-testid': 'retry' }, 'Try again');
    button.addEventListener('click', () => location.reload());
    $('conversation').replaceChildren(el('div', { class: 'error', role: 'alert', 'data-testid': 'error' }, el('p', {}, error.message), button));
  }
}

boot();
