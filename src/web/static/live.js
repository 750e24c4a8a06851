/* What the pages can do with a script: copy texts, and follow a fetch. Without it they work all the same. */
'use strict';

for (const box of document.querySelectorAll('pre.copy')) {
  if (navigator.clipboard === undefined) break;
  const text = box.textContent;
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'Copy';
  button.setAttribute('aria-label', `Copy: ${box.getAttribute('aria-label')}`);
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(text).catch(() => undefined);
    button.textContent = 'Copied';
    setTimeout(() => (button.textContent = 'Copy'), 2000);
  });
  box.append(button);
}

const phases = document.body.dataset.phases;
const list = document.getElementById('phases');
if (phases !== undefined && list !== null) {
  const source = new EventSource(phases);
  source.addEventListener('phases', ({ data }) => {
    list.replaceChildren(
      ...JSON.parse(data).map(({ name, ms, failed }) => {
        const item = document.createElement('li');
        item.className = ms === undefined ? 'running' : failed ? 'failed' : 'done';
        item.append(`${name} `);
        const time = document.createElement('span');
        time.className = 'faint';
        time.textContent = ms === undefined ? 'running' : `${ms} ms`;
        item.append(time);
        return item;
      }),
    );
  });
  source.addEventListener('done', () => {
    source.close();
    location.reload();
  });
}
