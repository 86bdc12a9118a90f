"use strict";
/* Spheres in three dimensions, drawn with WebGL2. `view.py` makes the data, `view.html` the controls.
 *
 * A sphere is one square that faces the viewer, on which the fragment shader finds its surface. The
 * projection is orthographic. At the center of a sphere the color is that of its value. */

const SPHERE = [`#version 300 es
in vec2 corner; in vec3 center; in float radius; in vec4 color; in float species;
uniform mat3 turn; uniform vec3 middle; uniform vec2 shift, scale; uniform int shown;
out vec2 at; flat out vec3 place; flat out float size; flat out vec3 tint;
void main() {
  at = corner; place = turn * (center - middle); size = radius; tint = color.rgb;
  bool hidden = ((shown >> int(species)) & 1) == 0;
  gl_Position = vec4((place.xy + size * corner + shift) * scale, hidden ? 2.0 : 0.0, 1.0);
}`, `#version 300 es
precision highp float;
in vec2 at; flat in vec3 place; flat in float size; flat in vec3 tint;
uniform vec4 plane; uniform float depth;
out vec4 pixel;
void main() {
  float square = 1.0 - dot(at, at);
  if (square < 0.0) discard;
  float front = sqrt(square), light = mix(0.35, 1.0, front);
  vec3 point = place + size * vec3(at, front);
  float beyond = dot(plane.xyz, point) - plane.w;
  if (beyond > 0.0) {
    // The plane has cut off the front; what is left of the sphere ends in a flat disc, if it does.
    if (plane.z < 1e-4) discard;
    point.z -= beyond / plane.z;
    if (point.z < place.z - size * front) discard;
    light = 1.0;
  }
  gl_FragDepth = 0.5 - 0.5 * point.z / depth;
  pixel = vec4(tint * light, 1.0);
}`];

const LINE = [`#version 300 es
in vec3 corner;
uniform mat3 turn; uniform vec3 middle; uniform vec2 shift, scale; uniform float depth;
void main() {
  vec3 place = turn * (corner - middle);
  gl_Position = vec4((place.xy + shift) * scale, -place.z / depth, 1.0);
}`, `#version 300 es
precision mediump float;
uniform vec3 tint; out vec4 pixel;
void main() { pixel = vec4(tint, 1.0); }`];

const MISSING = [128, 128, 128];
const SLOW = 50;  // milliseconds of a frame
const DIGITS = 6;  // of a value; single precision has seven

function bytes(text) {
  return Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
}

function floats(text) {
  return new Float32Array(bytes(text).buffer);
}

function dot(a, b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

function cross(a, b) {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

function unit(a) {
  const length = Math.hypot(...a);
  return a.map(x => x / length);
}

/* Show `data` in the elements of `root`; return what tests and other scripts ask of the view. */
function cagebreakView(root, data) {
  const find = name => root.querySelector(`[data-role="${name}"]`);
  const canvas = find("canvas"), note = find("note");
  const gl = canvas.getContext("webgl2", {antialias: false, preserveDrawingBuffer: true});
  if (!gl) {
    note.textContent = "This browser offers no WebGL2, which the view needs.";
    return null;
  }
  const positions = floats(data.positions), species = bytes(data.species), n = species.length;
  const radii = Float32Array.from(species, s => data.diameters[s] / 2);
  const columns = data.columns.map(column => ({...column, values: floats(column.values)}));
  const maps = data.maps.map(bytes);
  const middle = [0, 1, 2].map(k => (data.box[0][k] + data.box[1][k] + data.box[2][k]) / 2);
  const reach = Math.max(...data.diameters) / 2 + 0.5 * Math.max(...[[1, 1], [1, -1], [-1, 1], [-1, -1]]
    .map(([i, j]) => Math.hypot(...[0, 1, 2].map(k => data.box[0][k] + i * data.box[1][k] + j * data.box[2][k]))));
  const colors = new Uint8Array(16 * n);  // of the four corners of each square
  const state = {column: 0, time: data.start, shown: -1, axis: -1, cut: 1};
  const pointers = new Map();
  let rows, shift, zoom, waiting = false, coarse = false;

  function program(sources) {
    const made = gl.createProgram();
    sources.forEach((source, i) => {
      const shader = gl.createShader(i ? gl.FRAGMENT_SHADER : gl.VERTEX_SHADER);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(made, shader);
    });
    gl.linkProgram(made);
    if (!gl.getProgramParameter(made, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(made));
    return made;
  }

  function attribute(of, name, values, size, type = gl.FLOAT) {
    const buffer = gl.createBuffer(), place = gl.getAttribLocation(of, name);
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.DYNAMIC_DRAW);
    gl.enableVertexAttribArray(place);
    gl.vertexAttribPointer(place, size, type, type !== gl.FLOAT, 0, 0);
    return buffer;
  }

  const spheres = program(SPHERE), lines = program(LINE);
  const of_spheres = gl.createVertexArray(), of_lines = gl.createVertexArray();
  gl.bindVertexArray(of_spheres);
  // Four vertices a sphere: instances of one square take ten times as long where a processor draws.
  const corners = Float32Array.of(-1, -1, 1, -1, -1, 1, 1, 1);
  attribute(spheres, "corner", Float32Array.from({length: 8 * n}, (_, k) => corners[k % 8]), 2);
  attribute(spheres, "center", Float32Array.from({length: 12 * n}, (_, k) => positions[3 * Math.floor(k / 12) + k % 3]), 3);
  attribute(spheres, "radius", Float32Array.from({length: 4 * n}, (_, k) => radii[k >> 2]), 1);
  attribute(spheres, "species", Float32Array.from({length: 4 * n}, (_, k) => species[k >> 2]), 1);
  const painted = attribute(spheres, "color", colors, 4, gl.UNSIGNED_BYTE);
  const triangles = [0, 1, 2, 2, 1, 3];
  gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
  gl.bufferData(gl.ELEMENT_ARRAY_BUFFER,
    Uint32Array.from({length: 6 * n}, (_, k) => 4 * Math.floor(k / 6) + triangles[k % 6]), gl.STATIC_DRAW);
  gl.bindVertexArray(of_lines);
  const edges = [];
  for (let axis = 0; axis < 3; axis++) {
    for (const [i, j] of [[0, 0], [0, 1], [1, 0], [1, 1]]) {
      const start = [0, 1, 2].map(k => i * data.box[(axis + 1) % 3][k] + j * data.box[(axis + 2) % 3][k]);
      edges.push(...start, ...start.map((x, k) => x + data.box[axis][k]));
    }
  }
  attribute(lines, "corner", Float32Array.from(edges), 3);

  /* The kept side of the clipping plane is normal . (r - middle) <= end. */
  function plane() {
    if (state.axis < 0) return null;
    const [b, c] = [1, 2].map(k => data.box[(state.axis + k) % 3]), normal = unit(cross(b, c));
    return {normal, end: (state.cut - 0.5) * dot(normal, data.box[state.axis])};
  }

  function turned(r) {
    return rows.map(row => dot(row, r));
  }

  /* Rounded pixels of the drawing buffer per sigma. */
  function perSigma() {
    return zoom * Math.min(canvas.width, canvas.height) / (2 * reach);
  }

  function draw() {
    waiting = false;
    const start = performance.now();
    coarse = coarse && pointers.size > 0;
    const ratio = Math.min(window.devicePixelRatio || 1, 2) / (coarse ? 2 : 1);
    const width = Math.max(1, Math.round(canvas.clientWidth * ratio));
    const height = Math.max(1, Math.round(canvas.clientHeight * ratio));
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, {width, height});
    gl.viewport(0, 0, width, height);
    const ink = getComputedStyle(root).color.match(/[\d.]+/g).slice(0, 3).map(x => x / 255);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.enable(gl.DEPTH_TEST);
    const scale = [2 * perSigma() / width, 2 * perSigma() / height], cut = plane();
    for (const [used, array] of [[spheres, of_spheres], [lines, of_lines]]) {
      const at = name => gl.getUniformLocation(used, name);
      gl.useProgram(used);
      gl.bindVertexArray(array);
      gl.uniformMatrix3fv(at("turn"), true, rows.flat());
      gl.uniform3fv(at("middle"), middle);
      gl.uniform2fv(at("shift"), shift);
      gl.uniform2fv(at("scale"), scale);
      gl.uniform1f(at("depth"), 1.1 * reach);
      if (used === spheres) {
        gl.uniform1i(at("shown"), state.shown);
        gl.uniform4f(at("plane"), ...(cut ? [...turned(cut.normal), cut.end] : [0, 0, 0, 1]));
        gl.drawElements(gl.TRIANGLES, 6 * n, gl.UNSIGNED_INT, 0);
      } else {
        gl.uniform3fv(at("tint"), ink);
        gl.drawArrays(gl.LINES, 0, edges.length / 3);
      }
    }
    if (pointers.size && !coarse) {
      // Where drawing is slow, half as many pixels are drawn each way while the box is turned.
      gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));  // waits for the end
      coarse = performance.now() - start > SLOW;
    }
  }

  function redraw() {
    if (!waiting) requestAnimationFrame(draw);
    waiting = true;
  }

  function value(i) {
    const column = columns[state.column];
    return column.values[(column.n_times > 1 ? state.time * n : 0) + i];
  }

  function number(x, digits = 3) {
    return Number.isFinite(x) ? String(Number(x.toPrecision(digits))) : "none";
  }

  function color(i, rgb) {
    for (let corner = 0; corner < 4; corner++) colors.set(rgb, 16 * i + 4 * corner);
  }

  function paint() {
    const column = columns[state.column];
    const legend = find("legend"), times = find("times");
    times.hidden = !(column && column.n_times > 1);
    find("now").textContent = data.times.length ? `${number(data.times[state.time], DIGITS)} ${data.unit}` : "";
    legend.hidden = !column;
    if (column) {
      const [low, high] = column.ranges[column.n_times > 1 ? state.time : 0], map = maps[column.map];
      for (let i = 0; i < n; i++) {
        const x = Math.floor(256 * (value(i) - low) / (high - low));
        const k = 3 * Math.min(Math.max(x, 0), 255);
        color(i, Number.isNaN(x) ? MISSING : map.subarray(k, k + 3));
      }
      const bar = find("bar").getContext("2d"), image = bar.createImageData(256, 1);
      for (let k = 0; k < 256; k++) image.data.set([...map.subarray(3 * k, 3 * k + 3), 255], 4 * k);
      bar.putImageData(image, 0, 0);
      find("low").textContent = number(low);
      find("high").textContent = number(high);
    } else {
      for (let i = 0; i < n; i++) color(i, data.palette[species[i]]);
    }
    gl.bindBuffer(gl.ARRAY_BUFFER, painted);
    gl.bufferSubData(gl.ARRAY_BUFFER, 0, colors);
    redraw();
  }

  function reset() {
    const [around, above] = [0.55, 0.4];
    const toward = [Math.cos(above) * Math.cos(around), Math.cos(above) * Math.sin(around), Math.sin(above)];
    const right = [-Math.sin(around), Math.cos(around), 0];
    rows = [right, cross(toward, right), toward];
    shift = [0, 0];
    zoom = 1;
    redraw();
  }

  function rotate(x, y) {
    const [c, s, d, t] = [Math.cos(x), Math.sin(x), Math.cos(y), Math.sin(y)];
    const mix = (a, b, p, q) => a.map((v, k) => p * v + q * b[k]);
    let [right, up, toward] = rows;
    [right, toward] = [mix(right, toward, c, s), mix(toward, right, c, -s)];
    [up, toward] = [mix(up, toward, d, -t), mix(toward, up, d, t)];
    // Rounding would add up.
    toward = unit(toward);
    right = unit(cross(up, toward));
    rows = [right, cross(toward, right), toward];
    redraw();
  }

  /* Where the center of a particle is in the window, in CSS pixels. */
  function place(i) {
    const box = canvas.getBoundingClientRect(), [x, y] = turned([0, 1, 2].map(k => positions[3 * i + k] - middle[k]));
    const unit_ = perSigma() * box.width / canvas.width;
    return [box.left + box.width / 2 + (x + shift[0]) * unit_, box.top + box.height / 2 - (y + shift[1]) * unit_];
  }

  /* The particle that is seen at a place of the window; -1 for none. */
  function pick(left, top) {
    const box = canvas.getBoundingClientRect(), unit_ = perSigma() * box.width / canvas.width, cut = plane();
    const x = (left - box.left - box.width / 2) / unit_ - shift[0];
    const y = (box.top + box.height / 2 - top) / unit_ - shift[1];
    const normal = cut && turned(cut.normal);
    let best = -1, nearest = -Infinity;
    for (let i = 0; i < n; i++) {
      if (!((state.shown >> species[i]) & 1)) continue;
      const c = turned([0, 1, 2].map(k => positions[3 * i + k] - middle[k]));
      const square = radii[i] ** 2 - (x - c[0]) ** 2 - (y - c[1]) ** 2;
      if (square < 0) continue;
      let z = c[2] + Math.sqrt(square);
      const beyond = cut ? dot(normal, [x, y, z]) - cut.end : 0;
      if (beyond > 0) {
        if (normal[2] < 1e-4) continue;
        z -= beyond / normal[2];
        if (z < c[2] - Math.sqrt(square)) continue;
      }
      if (z > nearest) [best, nearest] = [i, z];
    }
    return best;
  }

  function describe(left, top) {
    const i = pick(left, top), column = columns[state.column];
    note.textContent = i < 0 ? "" : `particle ${i}, ${data.names[species[i]]}`
      + (column ? `: ${column.name} ${number(value(i), DIGITS)}` : "");
  }

  canvas.addEventListener("pointerdown", event => {
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, [event.clientX, event.clientY]);
    describe(event.clientX, event.clientY);
  });
  canvas.addEventListener("pointermove", event => {
    const before = pointers.get(event.pointerId), now = [event.clientX, event.clientY];
    if (!before) return describe(...now);
    const [x, y] = [now[0] - before[0], now[1] - before[1]];
    const unit_ = perSigma() * canvas.clientWidth / canvas.width;
    if (pointers.size === 2) {
      const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
      const apart = at => Math.hypot(at[0] - other[0], at[1] - other[1]);
      zoom *= Math.max(apart(now), 1) / Math.max(apart(before), 1);
      shift = [shift[0] + x / unit_ / 2, shift[1] - y / unit_ / 2];
    } else if (event.shiftKey || event.buttons === 2) {
      shift = [shift[0] + x / unit_, shift[1] - y / unit_];
    } else {
      rotate(-0.008 * x, -0.008 * y);
    }
    pointers.set(event.pointerId, now);
    redraw();
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, event => {
      pointers.delete(event.pointerId);
      redraw();
    });
  }
  canvas.addEventListener("contextmenu", event => event.preventDefault());
  canvas.addEventListener("dblclick", reset);
  canvas.addEventListener("wheel", event => {
    // A wheel that scrolls the page to the view and past it does not zoom: it has to be clicked first.
    if (root !== document.body && document.activeElement !== canvas) return;
    event.preventDefault();
    zoom = Math.min(Math.max(zoom * Math.exp(-0.0015 * event.deltaY), 0.2), 50);
    redraw();
  }, {passive: false});
  canvas.addEventListener("keydown", event => {
    const step = {ArrowLeft: [0.1, 0], ArrowRight: [-0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1]}[event.key];
    if (!step) return;
    event.preventDefault();
    rotate(...step);
  });

  function option(select, text, chosen) {
    select.add(new Option(text, String(select.length), chosen, chosen));
  }

  const column = find("column"), axis = find("axis"), cut = find("cut"), time = find("time");
  for (const each of columns) option(column, each.name, false);
  option(column, "species", !columns.length);
  column.addEventListener("input", () => { state.column = Number(column.value); paint(); });
  for (const name of ["none", ...data.axes]) option(axis, name, name === "none");
  axis.addEventListener("input", () => {
    state.axis = Number(axis.value) - 1;
    cut.disabled = state.axis < 0;
    if (state.axis >= 0 && state.cut === 1) cut.value = state.cut = 0.5;
    redraw();
  });
  cut.addEventListener("input", () => { state.cut = Number(cut.value); redraw(); });
  time.max = data.times.length - 1;
  time.value = state.time;
  time.addEventListener("input", () => { state.time = Number(time.value); paint(); });
  data.names.forEach((name, s) => {
    const label = document.createElement("label"), box = document.createElement("input");
    Object.assign(box, {type: "checkbox", checked: true, name: `species ${name}`});
    box.addEventListener("input", () => {
      state.shown = box.checked ? state.shown | (1 << s) : state.shown & ~(1 << s);
      redraw();
    });
    label.append(box, ` ${name}`);
    find("species").append(label);
  });
  new ResizeObserver(redraw).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  reset();
  paint();
  return {draw, pick, place, rotate};
}
