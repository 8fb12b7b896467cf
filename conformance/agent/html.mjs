// Reads just enough HTML to use a page's forms without a browser.

const TOKEN = /<!--[\s\S]*?-->|<!doctype[^>]*>|<(\/?)([a-z][^\s/>]*)((?:"[^"]*"|'[^']*'|[^>"'])*)>/gi;
const ATTRIBUTE = /([^\s=/"'<>]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g;
const VOID = new Set(['area', 'base', 'br', 'col', 'hr', 'img', 'input', 'link', 'meta', 'source', 'wbr']);
const RAW = new Set(['script', 'style']);
const NAMED = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0' };

export function unescapeText(text) {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|([a-z]+));/gi, (whole, hex, decimal, name) => {
    if (hex) return String.fromCodePoint(parseInt(hex, 16));
    if (decimal) return String.fromCodePoint(Number(decimal));
    return NAMED[name.toLowerCase()] ?? whole;
  });
}

function readAttributes(source) {
  const attributes = {};
  for (const [, name, double, single, bare] of source.matchAll(ATTRIBUTE)) {
    attributes[name.toLowerCase()] ??= unescapeText(double ?? single ?? bare ?? '');
  }
  return attributes;
}

/** Every element in order: `{tag, attributes, text, form}`, where `form` is the form element it belongs to. */
export function readElements(html) {
  const elements = [];
  const open = [];
  const addText = (text) => {
    for (const element of open) element.text += text;
  };
  let from = 0;
  TOKEN.lastIndex = 0;
  for (let token = TOKEN.exec(html); token; token = TOKEN.exec(html)) {
    addText(unescapeText(html.slice(from, token.index)));
    from = TOKEN.lastIndex;
    if (!token[2]) continue;
    const tag = token[2].toLowerCase();
    if (token[1]) {
      const at = open.findLastIndex((element) => element.tag === tag);
      if (at >= 0) open.length = at;
      continue;
    }
    const form = open.findLast((element) => element.tag === 'form');
    const element = { tag, attributes: readAttributes(token[3]), text: '', form };
    elements.push(element);
    if (RAW.has(tag)) {
      const end = html.toLowerCase().indexOf(`</${tag}`, from);
      from = end < 0 ? html.length : end;
      element.text = html.slice(TOKEN.lastIndex, from);
      TOKEN.lastIndex = from;
    } else if (!VOID.has(tag)) {
      open.push(element);
    }
  }
  const named = new Map(elements.filter(({ tag }) => tag === 'form').map((form) => [form.attributes.id, form]));
  for (const element of elements) {
    if (element.attributes.form !== undefined) element.form = named.get(element.attributes.form);
  }
  return elements;
}
