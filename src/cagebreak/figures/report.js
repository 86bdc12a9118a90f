/* The report of a study: values under the pointer in figures, and a table that is sorted and filtered. */

const NEAR = 40;  // pixels from a point at which its value is shown

/* Show the values of the point of a figure that is nearest to the pointer. */
function cagebreakReadings(element, panels) {
  const drawn = element.querySelector("[data-figure]");
  const mark = drawn.querySelector("[data-role=mark]"), reading = element.querySelector("[data-role=reading]");
  const width = Number(drawn.dataset.figure);

  function nearest(x, y) {
    let best = null, least = NEAR / scale();
    for (const panel of panels) {
      const [left, top, right, bottom] = panel.box;
      if (x < left || x > right || y < top || y > bottom) continue;
      for (const curve of panel.curves) {
        curve.at.forEach((at, i) => {
          const apart = Math.hypot(at[0] - x, at[1] - y);
          if (apart < least) [best, least] = [{panel, curve, i}, apart];
        });
      }
    }
    return best;
  }

  function scale() {
    return drawn.clientWidth / width;
  }

  function text({panel, curve, i}) {
    const [x, y, low, high] = curve.values[i];
    const name = curve.name ? `${curve.name}: ` : "";
    if (y === undefined) return `${name}${x}`;
    const interval = low === undefined ? "" : ` (${low} to ${high})`;
    return `${name}${panel.x || "x"} = ${x}, ${panel.y || "y"} = ${y}${interval}`;
  }

  function show(event) {
    const box = drawn.getBoundingClientRect();
    const found = nearest((event.clientX - box.left) / scale(), (event.clientY - box.top) / scale());
    mark.hidden = !found;
    reading.textContent = found ? text(found) : "";
    if (!found) return;
    const [x, y] = found.curve.at[found.i];
    Object.assign(mark.style, {left: `${x * scale()}px`, top: `${y * scale()}px`, borderColor: found.curve.color});
  }

  drawn.addEventListener("pointermove", show);
  drawn.addEventListener("pointerdown", show);
}

/* Let a table be sorted by its heads, and filtered by the lists before it. */
function cagebreakTable(element) {
  const table = element.querySelector("table"), body = table.tBodies[0], lists = [...element.querySelectorAll("select")];
  const count = element.querySelector("[data-role=count]");

  function filter() {
    let shown = 0;
    for (const row of body.rows) {
      row.hidden = lists.some(list => list.value && row.cells[list.dataset.column].dataset.value !== list.value);
      shown += !row.hidden;
    }
    count.textContent = `${shown} of ${body.rows.length} rows`;
  }

  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
    const down = head.getAttribute("aria-sort") === "ascending", number = head.classList.contains("number");
    for (const each of heads) each.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const value = row => row.cells[column].dataset.value;
    const missing = row => value(row) === "" || value(row) === "nan";
    // Missing numbers are last in both orders.
    const rows = [...body.rows].sort((a, b) => missing(a) || missing(b) ? missing(a) - missing(b)
      : (down ? -1 : 1) * (number ? value(a) - value(b) : value(a).localeCompare(value(b))));
    body.append(...rows);
  }));
  for (const list of lists) list.addEventListener("input", filter);
  filter();
}
