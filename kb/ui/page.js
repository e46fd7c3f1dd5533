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
