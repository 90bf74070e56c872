/* SPDX-License-Identifier: MIT */
/* OpenAI's hosted component on the same backend, for operators who configured a domain key. */
import { el } from './dom.js';

export async function mountComponent(domainKey) {
  const script = el('script', { src: 'https://cdn.platform.openai.com/deployments/chatkit/chatkit.js' });
  const failed = new Promise((_, reject) => { script.onerror = () => reject(new Error('The chat component could not be loaded.')); });
  document.head.append(script);
  await Promise.race([customElements.whenDefined('openai-chatkit'), failed]);
  const component = document.createElement('openai-chatkit');
  component.setOptions({ api: { url: new URL('api/chat', document.baseURI).href, domainKey } });
  /* Our policy refuses a <style> element inside the component as anywhere else; its frame gets its size from here. */
  const sheet = new CSSStyleSheet();
  sheet.replaceSync('div, iframe { position: absolute; inset: 0; width: 100%; height: 100%; border: 0; }');
  component.shadowRoot?.adoptedStyleSheets.push(sheet);
  document.body.replaceChildren(component);
  document.body.dataset.state = 'ready';
}
