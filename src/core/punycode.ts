// How long the label of a host name is in the letters of the domain name system: https://www.rfc-editor.org/rfc/rfc3492

const BASE = 36
const T_MIN = 1
const T_MAX = 26
const SKEW = 38
const DAMP = 700
const INITIAL_BIAS = 72
const FIRST = 0x80
const PREFIX = 'xn--'

/** Octets of a label as it is looked up; labels of ASCII alone are looked up as they are. Quadratic in its length. */
export function lookupLength(label: string): number {
  const letters = Array.from(label, (letter) => letter.codePointAt(0) ?? 0)
  const basic = letters.filter((letter) => letter < FIRST).length
  if (basic === letters.length) return label.length
  let length = PREFIX.length + basic + (basic > 0 ? 1 : 0)
  let bias = INITIAL_BIAS
  let delta = 0
  let next = FIRST
  for (let done = basic; done < letters.length; next += 1, delta += 1) {
    const lowest = Math.min(...letters.filter((letter) => letter >= next))
    delta += (lowest - next) * (done + 1)
    next = lowest
    for (const letter of letters) {
      if (letter < next) delta += 1
      if (letter !== next) continue
      length += digitsOf(delta, bias)
      bias = adapt(delta, done + 1, done === basic)
      delta = 0
      done += 1
    }
  }
  return length
}

function digitsOf(delta: number, bias: number): number {
  let digits = 1
  let rest = delta
  for (let place = BASE; ; place += BASE) {
    const threshold = Math.min(Math.max(place - bias, T_MIN), T_MAX)
    if (rest < threshold) return digits
    rest = Math.floor((rest - threshold) / (BASE - threshold))
    digits += 1
  }
}

function adapt(delta: number, points: number, isFirst: boolean): number {
  let rest = Math.floor(delta / (isFirst ? DAMP : 2))
  rest += Math.floor(rest / points)
  let bias = 0
  for (; rest > ((BASE - T_MIN) * T_MAX) / 2; bias += BASE) rest = Math.floor(rest / (BASE - T_MIN))
  return bias + Math.floor(((BASE - T_MIN + 1) * rest) / (rest + SKEW))
}
