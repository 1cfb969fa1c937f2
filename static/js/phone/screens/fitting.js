// Names that stay whole: a word broken in its middle is misread. How wide a word is depends on the
// language, the fonts of the phone and its zoom, so it is measured.

const STEPS = ["", "snug", "tight", "broken"]; // each smaller; in the last a word may break

const tooWide = (one) => one.scrollWidth > one.clientWidth;

export function fit(box) {
  const names = [...box.querySelectorAll("span")];
  STEPS.some((step) => {
    box.dataset.fit = step;
    return !names.some(tooWide);
  });
}

// Now and whenever the width changes; gives what ends it.
export function keepFit(box) {
  let width = -1;
  const watching = new ResizeObserver(() => {
    if (box.clientWidth === width) return;
    width = box.clientWidth;
    fit(box);
  });
  watching.observe(box);
  return () => watching.disconnect();
}
