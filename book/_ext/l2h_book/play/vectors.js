// The pictures' vectors, which only a reader who draws or races asks for: they lie in files
// beside the page.

const fetched = new Map(); // by file, a promise of what it holds

const bytesOf = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

// Codes that are written one after the other, each with as many hexadecimal digits
function split(digits, width) {
  const numbers = [];
  for (let i = 0; i < digits.length; i += width)
    numbers.push(Number.parseInt(digits.slice(i, i + width), 16));
  return numbers;
}

// Runs a file, which is a script that defines something, and gives what `readIt` makes of that
function fetchOnce(file, readIt) {
  if (!fetched.has(file)) {
    const script = make("script", { src: file });
    const came = new Promise((then, fail) => {
      script.addEventListener("load", then);
      script.addEventListener("error", fail);
    });
    const failed = () => {
      fetched.delete(file); // the next who asks tries again
      throw new Error("What the page computes with could not be fetched. Are you online?");
    };
    document.head.append(script);
    fetched.set(file, came.then(readIt).catch(failed));
  }
  return fetched.get(file);
}

const vectorsOf = (text, features) => new Vectors(new Int8Array(bytesOf(text).buffer), features);

// What belongs to the pictures of the map
const numbersFrom = (file) =>
  fetchOnce(file, () => {
    const mean = new Float32Array(bytesOf(l2hNumbers.mean).buffer);
    return {
      mean,
      vectors: vectorsOf(l2hNumbers.vectors, mean.length),
      normals: new Int16Array(bytesOf(l2hNumbers.normals).buffer),
    };
  });

// The vectors of the whole database, and its codes by the first method
const databaseFrom = (file, features, digits) =>
  fetchOnce(file, () => ({
    vectors: vectorsOf(l2hDatabase.vectors, features),
    codes: split(l2hDatabase.codes, digits),
  }));

function unit(vector) {
  const long = Math.hypot(...vector) || 1;
  return vector.map((x) => x / long);
}

// Vectors of length one, so that a cosine is a sum of products
class Vectors {
  constructor(values, features) {
    this.features = features;
    this.values = new Float32Array(values.length);
    for (let from = 0; from < values.length; from += features)
      this.values.set(unit(Float32Array.from(values.subarray(from, from + features))), from);
  }

  vector(id) {
    return this.values.subarray(id * this.features, (id + 1) * this.features);
  }

  // In four sums, which a processor adds up beside each other: what is timed is not slow by a mistake
  cosine(query, id) {
    const { values, features } = this;
    const start = id * features;
    const end = features - (features % 4);
    let [a, b, c, d] = [0, 0, 0, 0];
    for (let i = 0; i < end; i += 4) {
      a += query[i] * values[start + i];
      b += query[i + 1] * values[start + i + 1];
      c += query[i + 2] * values[start + i + 2];
      d += query[i + 3] * values[start + i + 3];
    }
    for (let i = end; i < features; i += 1) a += query[i] * values[start + i];
    return a + b + c + d;
  }

  // Those of the pictures whose cosines with the query are largest, the largest first
  nearest(query, ids, most) {
    const best = [];
    const cosines = [];
    for (const id of ids) {
      const cosine = this.cosine(query, id);
      let place = best.length;
      while (place > 0 && cosines[place - 1] < cosine) place -= 1;
      if (place === most) continue;
      best.splice(place, 0, id);
      cosines.splice(place, 0, cosine);
      if (best.length > most) {
        best.pop();
        cosines.pop();
      }
    }
    return best;
  }
}
