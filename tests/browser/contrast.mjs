/** Whether words can be read: the contrast of texts with what lies behind them (WCAG 2.2, 1.4.3). */

/** Texts of `selectors` that stand out by less than 4.5 to 1, each with its ratio. */
export function faintTexts(person, selectors) {
  return person.page.evaluate((wanted) => {
    /** Any CSS colour as red, green, blue from 0 to 255 and alpha from 0 to 1: what a canvas makes of it. */
    const read = (colour) => {
      const context = new OffscreenCanvas(1, 1).getContext('2d');
      context.fillStyle = colour;
      context.fillRect(0, 0, 1, 1);
      const [red, green, blue, alpha] = context.getImageData(0, 0, 1, 1).data;
      return { rgb: [red, green, blue], alpha: alpha / 255 };
    };
    const over = (top, bottom) => top.rgb.map((value, at) => value * top.alpha + bottom[at] * (1 - top.alpha));
    const behind = (element) => {
      const layers = [];
      for (let at = element; at; at = at.parentElement) layers.unshift(read(getComputedStyle(at).backgroundColor));
      return layers.reduce((bottom, layer) => over(layer, bottom), [255, 255, 255]);
    };
    const light = (rgb) => {
      const [red, green, blue] = rgb.map((value) => value / 255).map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const ratio = (element) => {
      const back = behind(element);
      const [dark, bright] = [light(back), light(over(read(getComputedStyle(element).color), back))].sort((a, b) => a - b);
      return (bright + 0.05) / (dark + 0.05);
    };
    const shown = (element) => element.checkVisibility() && [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    const texts = wanted.flatMap((selector) => [...document.querySelectorAll(`${selector}, ${selector} *`)]).filter(shown);
    return texts.map((element) => ({ text: element.textContent, ratio: ratio(element) })).filter((text) => text.ratio < 4.5);
  }, selectors);
}
