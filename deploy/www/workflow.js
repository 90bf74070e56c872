/* SPDX-License-Identifier: MIT */
/* The tools that ran, or the thoughts of a reasoning model: one quiet line that unfolds. */
import { el } from './dom.js';
import { sourceNode } from './answer.js';
import { svgIcon } from './icons.js';
import { Markdown } from './markdown.js';

export function workflow(item) {
  const label = el('span', { class: 'label' });
  const icon = el('span', { class: 'mark', 'aria-hidden': 'true' });
  const list = el('ul', { class: 'tasks' });
  const node = el('details', { class: 'workflow', 'data-testid': 'workflow', 'data-id': item.id }, el('summary', {}, icon, label), list);
  const rows = tasksIn(list);
  let state = { tasks: [] };
  return {
    node,
    set(now) {
      const { expanded } = state;
      state = { ...now.workflow, tasks: [...(now.workflow.tasks ?? [])] };
      if (state.expanded && !expanded) node.open = true; /* what the reader folded stays folded */
      rows.cut(state.tasks.length);
      state.tasks.forEach((task, index) => rows.set(index, task));
    },
    update(change) {
      if (!change.type.startsWith('workflow.task.')) return;
      state.tasks[change.task_index] = change.task; /* always the whole task */
      rows.set(change.task_index, change.task);
    },
    paint() {
      const running = state.tasks.find((task) => task?.status_indicator === 'loading');
      const thinking = state.type === 'reasoning' && !state.summary;
      const complete = state.summary || state.tasks.some((task) => task?.status_indicator === 'complete');
      label.textContent = labelOf(state, running);
      node.dataset.kind = state.type;
      node.dataset.status = running || thinking ? 'loading' : complete ? 'complete' : 'none';
      drawIcon(icon, state.summary?.icon);
      rows.paint();
    },
  };
}

/* A task outside of any workflow. */
export function task(item) {
  const list = el('ul', { class: 'tasks alone', 'data-testid': 'task-item', 'data-id': item.id });
  const rows = tasksIn(list);
  return { node: list, set: (now) => rows.set(0, now.task), paint: () => rows.paint() };
}

function labelOf({ type, tasks, summary }, running) {
  if (summary?.title) return summary.title;
  if (type === 'reasoning') return summary?.duration != null ? `Thought for ${Math.max(1, summary.duration)} s` : 'Thinking';
  const one = running ?? (tasks.length === 1 ? tasks[0] : null);
  if (one) return titleOf(one) || '1 step';
  return `${tasks.length} steps`;
}

function titleOf(now) {
  if (now.title || now.type !== 'web_search') return now.title;
  return now.title_query || now.queries?.join(', ') || 'Search';
}

/* An icon in place of the mark; the mark when there is none, or none that is known. */
function drawIcon(mark, name) {
  const known = (name && mark.dataset.icon !== name && svgIcon(name)) || null;
  if (!name || known) mark.replaceChildren(...(known ? [known] : []));
  if (known) mark.dataset.icon = name;
  else if (!name) delete mark.dataset.icon;
}

/* The rows of a list of tasks. Each keeps its node: a thought that grows is drawn as any growing text is. */
function tasksIn(list) {
  const rows = [];
  return {
    set(index, now) {
      while (rows.length <= index) {
        rows.push(taskRow());
        list.append(rows.at(-1).node);
      }
      rows[index].now = now;
    },
    cut(length) {
      for (const row of rows.splice(length)) row.node.remove();
    },
    paint() {
      for (const row of rows) row.paint();
    },
  };
}

const KINDS = { web_search: 'globe', file: 'document', image: 'square-image' };

function taskRow() {
  const mark = el('span', { class: 'mark', 'aria-hidden': 'true' });
  const title = el('p', { class: 'task-title' });
  const queries = el('p', { class: 'queries' });
  const prose = el('div', { class: 'prose' });
  const sources = el('ul', { class: 'task-sources', 'aria-label': 'Sources' });
  const markdown = new Markdown(prose);
  const row = {
    node: el('li', { 'data-testid': 'task', hidden: '' }, mark, el('div', {}, title, queries, prose, sources)),
    now: null,
    painted: null,
    paint() {
      const { now } = row;
      if (!now || row.painted === now) return;
      row.painted = now;
      row.node.hidden = false;
      row.node.dataset.kind = now.type;
      row.node.dataset.status = now.status_indicator || 'none';
      drawIcon(mark, now.icon || KINDS[now.type]);
      title.textContent = titleOf(now) || (now.type === 'image' ? 'Image' : now.type === 'file' ? 'Files' : '');
      const said = now.type === 'web_search' ? (now.queries ?? []).filter((query) => query !== title.textContent) : [];
      queries.replaceChildren(...said.map((query) => el('q', {}, query)));
      content(now.content ?? '');
      sources.replaceChildren(...(now.sources ?? []).map((source) => el('li', {}, sourceNode(source))));
    },
  };
  /* What a tool answered is shown as it is; everything else is Markdown. */
  const content = (text) => {
    if (/^\s*[[{]/.test(text)) {
      markdown.reset();
      prose.replaceChildren(el('pre', { class: 'raw' }, text));
    } else {
      if (prose.querySelector(':scope > .raw')) markdown.reset();
      markdown.set(text);
    }
  };
  return row;
}
