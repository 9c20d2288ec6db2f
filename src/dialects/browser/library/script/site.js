// What the script knows of its site. This file stands for it while reading; the server writes the real one in its place.

/** `base` is used where the script cannot tell its own address; `words` are by language. */
export const SITE = {
  base: 'http://localhost',
  site: '',
  origins: [],
  language: '',
  asksLinked: false,
  words: { en: {} },
  providers: [],
}
