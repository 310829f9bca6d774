// GIST in the page, as `gist_descriptors` of the package, by plain sums: each step has the name
// that it has there.

const SCALES = 4;
const ORIENTATIONS = 8;
const GRID = 4;
const HIGHEST_FREQUENCY = 0.3;
const SCALE_RATIO = 1.85;
const PREFILTER_CYCLES = 4;
const PREFILTER_PADDING = 5;
const FILTER_PADDING = 32;
const NEGLIGIBLE = 1e-5;

const matrix = (rows, columns, value) =>
  Array.from({ length: rows }, (_, i) =>
    Float64Array.from({ length: columns }, (__, j) => value(i, j)),
  );
const product = (A, B) =>
  A.map((row) => {
    const sums = new Float64Array(B[0].length);
    row.forEach((a, k) => {
      if (a)
        B[k].forEach((b, j) => {
          sums[j] += a * b;
        });
    });
    return sums;
  });
const each = (A, change) => A.map((row, i) => row.map((value, j) => change(value, i, j)));

// Which of n pixels stands at a place when they are mirrored at both ends, over and over
const mirrored = (place, n) => {
  const within = ((place % (2 * n)) + 2 * n) % (2 * n);
  return within < n ? within : 2 * n - 1 - within;
};

function evenlyLit(grey) {
  const height = grey.length;
  const width = grey[0].length;
  const size = Math.max(height, width) + 2 * PREFILTER_PADDING;
  const wave = Float64Array.from({ length: size }, (_, apart) => {
    let sum = 0;
    for (let f = -Math.floor(size / 2); f < size - Math.floor(size / 2); f += 1) {
      sum +=
        (Math.exp((-(f ** 2) * Math.LN2) / PREFILTER_CYCLES ** 2) *
          Math.cos((2 * Math.PI * f * apart) / size)) /
        size;
    }
    return sum;
  });
  const blur = matrix(size, size, (i, j) => wave[Math.abs(i - j)]);
  const smooth = (A) => product(product(blur, A), blur);
  const logarithm = matrix(size, size, (i, j) =>
    Math.log1p(
      grey[mirrored(i - PREFILTER_PADDING, height)][mirrored(j - PREFILTER_PADDING, width)],
    ),
  );
  const slow = smooth(logarithm);
  const detail = each(logarithm, (value, i, j) => value - slow[i][j]);
  const energy = smooth(each(detail, (value) => value ** 2));
  return matrix(height, width, (i, j) => {
    const [y, x] = [i + PREFILTER_PADDING, j + PREFILTER_PADDING];
    return detail[y][x] / (0.2 + Math.sqrt(Math.abs(energy[y][x])));
  });
}

// `grey` has a row of numbers, 0 to 255, for each row of pixels; both sides are multiples of four.
function gist(grey) {
  const height = grey.length;
  const width = grey[0].length;
  const size = Math.max(height, width) + 2 * FILTER_PADDING;
  const even = evenlyLit(grey);
  const turn = (2 * Math.PI) / size;
  const frequency = (k) => k - Math.floor(size / 2);
  const padded = matrix(
    size,
    size,
    (i, j) => even[mirrored(i - FILTER_PADDING, height)][mirrored(j - FILTER_PADDING, width)],
  );
  const wave = (part, rows, columns, angle) =>
    matrix(rows, columns, (i, j) => part(turn * angle(i, j)));
  const forward = (part) => wave(part, size, size, (i, j) => frequency(i) * j);
  const down = [product(forward(Math.cos), padded), product(forward(Math.sin), padded)];
  const columns = (part) => wave(part, size, size, (i, j) => i * frequency(j));
  const [C, S] = [columns(Math.cos), columns(Math.sin)];
  const cc = product(down[0], C);
  const ss = product(down[1], S);
  const cs = product(down[0], S);
  const sc = product(down[1], C);
  const real = each(cc, (value, i, j) => (value - ss[i][j]) / size ** 2);
  const imaginary = each(cs, (value, i, j) => -(value + sc[i][j]) / size ** 2);
  const back = (part) => wave(part, size, width, (i, j) => frequency(i) * (FILTER_PADDING + j));
  const [cosine, sine] = [back(Math.cos), back(Math.sin)];
  const up = (part) => wave(part, height, size, (i, j) => (FILTER_PADDING + i) * frequency(j));
  const [upCosine, upSine] = [up(Math.cos), up(Math.sin)];
  const features = [];
  for (let filter = 0; filter < SCALES * ORIENTATIONS; filter += 1) {
    const centre = HIGHEST_FREQUENCY / SCALE_RATIO ** Math.floor(filter / ORIENTATIONS);
    const tilt = (Math.PI * (filter % ORIENTATIONS)) / ORIENTATIONS;
    const gain = matrix(size, size, (i, j) => {
      const y = frequency(i);
      const x = frequency(j);
      const ring = (Math.hypot(x, y) / size / centre - 1) ** 2;
      const turned = Math.atan2(y, x) + tilt;
      const angle = turned > Math.PI ? turned - 2 * Math.PI : turned;
      const value = Math.exp(-3.5 * ring - 2 * Math.PI * angle ** 2);
      return value > NEGLIGIBLE ? value : 0;
    });
    const a = each(real, (value, i, j) => value * gain[i][j]);
    const b = each(imaginary, (value, i, j) => value * gain[i][j]);
    const ac = product(a, cosine);
    const bs = product(b, sine);
    const as = product(a, sine);
    const bc = product(b, cosine);
    const re = each(ac, (value, i, j) => value - bs[i][j]);
    const im = each(as, (value, i, j) => value + bc[i][j]);
    const [rc, is, rs, ic] = [
      product(upCosine, re),
      product(upSine, im),
      product(upSine, re),
      product(upCosine, im),
    ];
    const strength = each(rc, (value, i, j) => Math.hypot(value - is[i][j], rs[i][j] + ic[i][j]));
    for (let cell = 0; cell < GRID * GRID; cell += 1) {
      const rows = height / GRID;
      const across = width / GRID;
      const top = Math.floor(cell / GRID) * rows;
      const left = (cell % GRID) * across;
      let sum = 0;
      for (let y = top; y < top + rows; y += 1)
        for (let x = left; x < left + across; x += 1) sum += strength[y][x];
      features.push(sum / (rows * across));
    }
  }
  return features;
}
