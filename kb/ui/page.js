document.addEventListener('click', function (event) {
  const opener = event.target.closest('[data-open]');
  if (opener) {
    const card = document.getElementById(opener.dataset.open);
    if (!card) return;
    document.querySelectorAll('.kb-card[open]').forEach(function (other) { if (other !== card) other.open = false; });
    card.open = true;
    const mark = card.querySelector('mark') || card;
    mark.scrollIntoView({ block: 'center', behavior: 'auto' });
    return;
  }
  const copier = event.target.closest('[data-copy]');
  if (copier && navigator.clipboard) {
    navigator.clipboard.writeText(copier.dataset.copy).then(function () { copier.textContent = copier.dataset.done; });
  }
});
document.addEventListener('click', function (event) {
  const link = event.target.closest('a[data-open]');
  if (link) {
    event.preventDefault();
    const card = document.getElementById(link.dataset.open);
    if (card) card.hidden = false;
    return;
  }
  const filter = event.target.closest('[data-filter]');
  if (!filter) return;
  const verdict = filter.dataset.filter;
  filter.parentElement.querySelectorAll('[data-filter]').forEach(function (other) {
    other.setAttribute('aria-pressed', String(other === filter));
  });
  document.querySelectorAll('[data-verdict]').forEach(function (shown) {
    shown.hidden = verdict !== '' && shown.dataset.verdict !== verdict;
  });
  document.querySelectorAll('[data-verdicts]').forEach(function (cite) {
    cite.classList.toggle('kb-dim', verdict !== '' && !cite.dataset.verdicts.split(' ').includes(verdict));
  });
}, true);
document.addEventListener('click', function (event) {
  if (event.target.closest('[data-print]')) window.print();
});
document.addEventListener('click', function (event) {
  const sender = event.target.closest('[data-post]');
  if (!sender) return;
  const said = { method: 'POST', body: new URLSearchParams(sender.dataset.fields), redirect: 'manual' };
  fetch(sender.dataset.post, said).then(function (reply) {
    if (!reply.ok && reply.type !== 'opaqueredirect') return;
    sender.textContent = sender.dataset.done;
    sender.disabled = true;
  });
});
