/**
 * <script src="https://host/contact/embed.js" data-form="default" async></script>
 *
 * puts the form where the script stands, or into the element that data-target
 * (a CSS selector) names. data-form is the form's sid. No other trace is left
 * on the page: no globals, no cookies, no storage.
 */
import { ContactApi } from './api';
import { ContactForm } from './form';

function placeFor(script: HTMLScriptElement): HTMLElement {
  const host = document.createElement('div');
  const selector = script.dataset.target;
  const target = selector ? document.querySelector(selector) : null;
  if (selector && !target) console.warn(`Plugboard: there is no ${selector} on this page`);
  if (target) target.append(host);
  else if (document.body?.contains(script)) script.after(host);
  else document.body.append(host);
  return host;
}

const script = document.currentScript;
if (script instanceof HTMLScriptElement) {
  const start = () => {
    const api = new ContactApi(script.src, script.dataset.form ?? 'default');
    void new ContactForm(placeFor(script), api).load();
  };
  // An async script may run before the place it is meant for is there.
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start);
  else start();
}
