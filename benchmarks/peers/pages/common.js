// What the pages share. A page sets `peer` to {version, load(data), show(view, pixels, closer),
// update(i), frame()}: `frame` gives a promise that is kept when everything asked for is drawn.

export const COLOURS = ["sensor", "s1", "s2", "s3", "s4"];
export const ROADS = ["street", "main", "expressway"];
export const STATES = ["severity", "next"];
export const SHADES = ["shade", "next"];
const METRES = 40075016.68557849; // once around the equator

/** Degrees of a place so many metres east and north of another; good for some hundred metres. */
export function moved(lon, lat, east, north) {
  const degree = METRES / 360;
  return [lon + east / (degree * Math.cos((lat * Math.PI) / 180)), lat + north / degree];
}

/** Zoom at which one pixel is `mpp` metres at a latitude, with tiles of so many pixels. */
export function zoom(view, closer, tile) {
  const around = METRES * Math.cos((view.lat * Math.PI) / 180);
  return Math.log2((around * closer) / (tile * view.mpp));
}

/** A mark's outline around (x, y), `size` pixels wide. */
export function outline(context, form, x, y, size) {
  const h = size / 2;
  if (form === "disc") {
    context.moveTo(x + h, y);
    context.arc(x, y, h, 0, 7);
  } else if (form === "square") {
    context.rect(x - h, y - h, size, size);
  } else if (form === "diamond") {
    context.moveTo(x, y - h - 1);
    context.lineTo(x + h + 1, y);
    context.lineTo(x, y + h + 1);
    context.lineTo(x - h - 1, y);
    context.closePath();
  } else {
    context.moveTo(x, y - h - 0.5);
    context.lineTo(x + h + 0.5, y + h);
    context.lineTo(x - h - 0.5, y + h);
    context.closePath();
  }
}

/** Until the browser has painted twice. */
export function painted() {
  return new Promise((done) =>
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 0)))
  );
}

/** Read one pixel back, which waits until the picture is drawn. */
export function read(gl) {
  gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
}

export function pairs(points) {
  return points.lon.map((lon, i) => [lon, points.lat[i]]);
}

async function spent(work, times, seconds) {
  const found = [];
  const end = performance.now() + seconds * 1000;
  for (let i = 0; i <= times; i++) {
    const start = performance.now();
    await work(i);
    found.push(performance.now() - start);
    if (performance.now() > end && i > 0) break;
  }
  return found.slice(1);
}

/** The three measurements of one view; the quick ones leave out the update. */
async function measure(peer, view, times, seconds, quick) {
  const frame = async (pixels, closer) => {
    peer.show(view, pixels, closer);
    await peer.frame();
  };
  await frame(0, 1);
  await peer.settled();
  const anew = await spent((i) => frame(0, 1 + 0.001 * (i % 2)), times, seconds);
  await frame(0, 1);
  const kept = await spent((i) => frame(4 * (i % 2), 1), times, seconds);
  await frame(0, 1);
  if (quick) return { anew, kept };
  const update = await spent(
    async (i) => {
      await peer.update(i);
      await peer.frame();
    },
    Math.min(times, 5),
    seconds
  );
  await peer.update(0);
  await frame(0, 1);
  await peer.settled();
  return { anew, kept, update };
}

export async function begin(peer) {
  const data = await (await fetch("/data.json")).json();
  await peer.load(data);
  window.measure = (...how) => measure(peer, ...how);
  window.version = peer.version;
  window.ready = true;
}
