/** The page's line icons, drawn on a 24 by 24 grid. */

const SVG = 'http://www.w3.org/2000/svg';

const PATHS = {
  plus: ['M12 5v14M5 12h14'],
  compass: ['M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z', 'm15.500 8.500-2 5-5 2 2-5z'],
  search: ['M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14z', 'm20 20-4-4'],
  back: ['M15 5l-7 7 7 7'],
  people: ['M9 5a3.500 3.500 0 1 0 0 7 3.500 3.500 0 0 0 0-7z', 'M2.500 20c.5-4 3-6 6.500-6s6 2 6.500 6', 'M16 5.300a3.500 3.500 0 0 1 0 6.400', 'M18 14.500c2 .8 3.200 2.700 3.500 5.500'],
  invite: ['M9 5a3.500 3.500 0 1 0 0 7 3.500 3.500 0 0 0 0-7z', 'M2.500 20c.5-4 3-6 6.500-6s6 2 6.500 6', 'M19 8v6M16 11h6'],
  leave: ['M10 4H5v16h5', 'M15 8l4 4-4 4M19 12H9'],
  send: ['M5 12 3.500 4.500 21 12 3.500 19.500z', 'M5 12h7'],
  reply: ['M9 6 3.500 11.500 9 17', 'M4 11.500h9c4 0 7 2 7.500 6.500'],
  smile: ['M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z', 'M8.500 14c1.700 2.600 5.300 2.600 7 0', 'M9 9.500h.01M15 9.500h.01'],
  edit: ['M4 20h4L19.500 8.500l-4-4L4 16z', 'm13 7 4 4'],
  recall: ['M4 9h10a6 6 0 0 1 0 12H9', 'M8 5 4 9l4 4'],
  copy: ['M9 9h11v11H9z', 'M5 15H4V4h11v1'],
  close: ['M6 6l12 12M18 6 6 18'],
  check: ['m5 12.500 4.500 4.500L19 7.500'],
  clock: ['M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z', 'M12 7v5l3 2'],
  alert: ['M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z', 'M12 7.500v5.500M12 16.500h.01'],
  down: ['M12 5v14M6 13l6 6 6-6'],
  lock: ['M6 11h12v9H6z', 'M8.500 11V8a3.500 3.500 0 0 1 7 0v3'],
  shield: ['M12 3.500 5 6v5.500c0 4.500 3 7.500 7 9 4-1.500 7-4.500 7-9V6z', 'm9 12 2.200 2.200L15.200 10'],
  eye: ['M2.500 12S6 5.500 12 5.500 21.500 12 21.500 12 18 18.500 12 18.500 2.500 12 2.500 12z', 'M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z'],
  bot: ['M5 9h14v10H5z', 'M12 9V5M9.500 13.500h.01M14.500 13.500h.01M9.500 16.500h5'],
  door: ['M6 21V3h12v18M3.500 21h17', 'M14.500 12h.01'],
  chat: ['M4 5h16v11H10l-4 4v-4H4z'],
};

/** An icon for the eye alone; the button around it carries the label. */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  for (const d of PATHS[name]) {
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('d', d);
    svg.append(path);
  }
  return svg;
}
