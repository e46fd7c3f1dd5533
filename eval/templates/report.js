const cases = Array.from(document.querySelectorAll('details[data-case]'));
const filters = Array.from(document.querySelectorAll('[data-filter]'));
const shown = document.getElementById('shown');
function apply() {
  let count = 0;
  cases.forEach(function (one) {
    const fits = filters.every(function (filter) {
      const wanted = filter.value.trim().toLowerCase();
      if (wanted === '') return true;
      if (filter.dataset.filter === 'words') return one.textContent.toLowerCase().includes(wanted);
      return (' ' + one.dataset[filter.dataset.filter] + ' ').includes(' ' + wanted + ' ');
    });
    one.hidden = !fits;
    if (fits) count += 1;
  });
  shown.textContent = count + ' of ' + cases.length;
}
filters.forEach(function (filter) { filter.addEventListener('input', apply); });
window.addEventListener('beforeprint', function () { cases.forEach(function (one) { if (!one.hidden) one.open = true; }); });
function follow() {
  const one = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (one && one.matches('details')) { one.hidden = false; one.open = true; one.scrollIntoView(); }
}
window.addEventListener('hashchange', follow);
apply();
follow();
