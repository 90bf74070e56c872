/* SPDX-License-Identifier: MIT */
import { el } from './dom.js';
import { Markdown } from './markdown.js';
import { sourceNode } from './answer.js';

/* The tools that ran, or the thoughts of a reasoning model: one quiet line that unfolds. */
export function workflow(item) {
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
      const { workflow: flow = { type: 'custom', tasks: [now.task] } } = now; /* an item of the kind task is one step alone */
      state = { ...flow, tasks: [...(flow.tasks ?? [])] };
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
