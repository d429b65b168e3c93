/**
 * For a browser to evaluate: the texts on the page whose contrast with what is behind them is below 4.5 : 1 (WCAG 2.2,
 * success criterion 1.4.3), each with its ratio. Grounds are opaque on this page, so the nearest one counts.
 */
export const contrastFindings = `(() => {
  const channels = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number);
  const luminance = (colour) => {
    const [r, g, b] = channels(colour).map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const groundOf = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const { backgroundColor } = getComputedStyle(at);
      if (channels(backgroundColor)[3] !== 0) return backgroundColor;
    }
    return getComputedStyle(document.documentElement).backgroundColor;
  };
  const isShown = (element) => element.checkVisibility() && !element.closest(".unseen, .skip");
  const ownText = (element) => [...element.childNodes].some(({ nodeType, data }) => nodeType === 3 && data.trim() !== "");
  return [...document.querySelectorAll("body *")]
    .filter((element) => isShown(element) && ownText(element))
    .map((element) => {
      const [a, b] = [getComputedStyle(element).color, groundOf(element)].map(luminance).sort((x, y) => y - x);
      return { element, ratio: (a + 0.05) / (b + 0.05) };
    })
    .filter(({ ratio }) => !(ratio >= 4.5))
    .map(({ element, ratio }) => element.tagName + "." + element.className + " " + element.textContent.slice(0, 30) + " " + ratio.toFixed(2));
})()`;
