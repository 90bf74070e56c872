/* SPDX-License-Identifier: MIT */
/* OpenAI's hosted component on the same backend, for operators who configured a domain key. What the page offers itself it offers through the component. */
import { el } from './dom.js';
import { options } from './hosted_options.js';

export async function mountComponent(session) {
  const script = el('script', { src: 'https://cdn.platform.openai.com/deployments/chatkit/chatkit.js' });
  const failed = new Promise((_, reject) => { script.onerror = () => reject(new Error('The chat component could not be loaded.')); });
  document.head.append(script);
  await Promise.race([customElements.whenDefined('openai-chatkit'), failed]);
  const component = document.createElement('openai-chatkit');
  let current = new URLSearchParams(location.hash.slice(1)).get('thread');
  component.addEventListener('chatkit.thread.change', ({ detail }) => {
    current = detail.threadId;
    history.replaceState(null, '', current ? `#${new URLSearchParams({ thread: current })}` : location.pathname + location.search);
  });
  component.addEventListener('chatkit.effect', ({ detail: { name, data } }) => {
    document.dispatchEvent(new CustomEvent('chatkit-effect', { detail: { name, data, thread_id: current } }));
  });
  component.setOptions(options(session, () => current));
  document.title = session.title || 'Chat';
  /* Our policy refuses a <style> element inside the component as anywhere else; its frame gets its size from here. */
  const sheet = new CSSStyleSheet();
  sheet.replaceSync('div, iframe { position: absolute; inset: 0; width: 100%; height: 100%; border: 0; }');
  component.shadowRoot?.adoptedStyleSheets.push(sheet);
  document.body.replaceChildren(component);
  document.body.dataset.state = 'ready';
}
