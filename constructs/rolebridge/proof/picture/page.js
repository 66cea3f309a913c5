
"use strict";
(() => {
  const one = (id) => document.getElementById(id);
  const picture = one("picture"), side = one("side"), search = one("search"), found = one("found"), back = one("back");
  const nodes = new Map([...picture.querySelectorAll(".node")].map((node) => [node.id, node]));
  const pages = new Map([...document.querySelectorAll("article")].map((page) => [page.dataset.node, page]));
  const links = [...picture.querySelectorAll("[data-from]")];
  const into = new Map();
  for (const link of links) {
    if (!into.has(link.dataset.to)) into.set(link.dataset.to, []);
    into.get(link.dataset.to).push(link);
  }
  const all = picture.dataset.all.split(" ").map(Number);
  document.body.classList.add("scripted");

  // What is seen: a part of the drawing, in its own units.
  let seen = { x: all[0], y: all[1], width: all[2], height: all[3] };
  const show = () => picture.setAttribute("viewBox", `${seen.x} ${seen.y} ${seen.width} ${seen.height}`);
  const scale = () => Math.min(picture.clientWidth / seen.width, picture.clientHeight / seen.height) || 1;
  const fit = () => { seen = { x: all[0], y: all[1], width: all[2], height: all[3] }; show(); };
  const at = (event) => {
    const box = picture.getBoundingClientRect(), by = scale();
    return {
      x: seen.x + seen.width / 2 + (event.clientX - box.left - box.width / 2) / by,
      y: seen.y + seen.height / 2 + (event.clientY - box.top - box.height / 2) / by,
    };
  };
  const zoom = (factor, point) => {
    const width = Math.min(Math.max(seen.width / factor, 200), Math.max(all[2], all[3]) * 4);
    const ratio = width / seen.width;
    const middle = point || { x: seen.x + seen.width / 2, y: seen.y + seen.height / 2 };
    seen = {
      x: middle.x - (middle.x - seen.x) * ratio, y: middle.y - (middle.y - seen.y) * ratio,
      width, height: seen.height * ratio,
    };
    show();
  };
  const move = (x, y) => { seen.x += x; seen.y += y; show(); };
  // Show a node in a size that can be read, unless it is so already.
  const bringIntoView = (node) => {
    const box = node.getBBox(), by = scale();
    const half = { x: picture.clientWidth / by / 2, y: picture.clientHeight / by / 2 };
    const middle = { x: seen.x + seen.width / 2, y: seen.y + seen.height / 2 };
    const inside = box.x > middle.x - half.x && box.x + box.width < middle.x + half.x &&
      box.y > middle.y - half.y && box.y + box.height < middle.y + half.y;
    if (inside && by > 0.35) return;
    const width = by > 0.35 ? seen.width : Math.max(600, picture.clientWidth / 0.7);
    const height = by > 0.35 ? seen.height : Math.max(400, picture.clientHeight / 0.7);
    seen = { x: box.x + box.width / 2 - width / 2, y: box.y + box.height / 2 - height / 2, width, height };
    show();
  };

  // Selecting: whoever gets there, directly or through others, and where it gets in itself.
  let selected = null;
  const select = (key, focus) => {
    for (const mark of picture.querySelectorAll(".near, .selected")) mark.classList.remove("near", "selected");
    if (selected) {
      nodes.get(selected).setAttribute("aria-pressed", "false");
      pages.get(selected)?.classList.remove("shown");
    }
    selected = nodes.has(key) ? key : null;
    picture.classList.toggle("choosing", selected !== null);
    side.classList.toggle("open", selected !== null);
    back.hidden = selected === null;
    if (!selected) { history.replaceState(null, "", "#"); return; }
    const node = nodes.get(selected);
    node.classList.add("selected", "near");
    node.setAttribute("aria-pressed", "true");
    const waiting = [selected], reached = new Set(waiting);
    while (waiting.length) {
      for (const link of into.get(waiting.pop()) || []) {
        link.classList.add("near");
        if (!reached.has(link.dataset.from)) { reached.add(link.dataset.from); waiting.push(link.dataset.from); }
      }
    }
    for (const link of links) {
      if (link.dataset.from === selected) { link.classList.add("near"); reached.add(link.dataset.to); }
    }
    for (const other of reached) nodes.get(other).classList.add("near");
    pages.get(selected)?.classList.add("shown");
    one("pages").scrollTop = 0;
    bringIntoView(node);
    if (focus) node.focus({ preventScroll: true });
    history.replaceState(null, "", `#${selected}`);
  };

  // Searching: in names, accounts and everything that a page says.
  const items = [...document.querySelectorAll("#list li")].map((item) => {
    const key = item.firstElementChild.dataset.node;
    const head = item.closest("section").firstElementChild.textContent;
    return { item, text: `${head} ${item.textContent} ${pages.get(key).textContent}`.toLowerCase() };
  });
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const { item, text } of items) {
      item.hidden = !words.every((word) => text.includes(word));
      count += item.hidden ? 0 : 1;
    }
    for (const section of document.querySelectorAll("#list section")) {
      section.hidden = !section.querySelector("li:not([hidden])");
    }
    found.textContent = words.length ? `${count} of ${items.length}` : "";
  };
  search.addEventListener("input", filter);
  search.addEventListener("keydown", (event) => {
    const first = document.querySelector("#list li:not([hidden]) button");
    if (event.key === "Enter" && first) select(first.dataset.node, true);
  });
  one("list").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) select(button.dataset.node, false);
  });
  back.addEventListener("click", () => { select(null); search.focus(); });

  // Zooming and moving.
  one("in").addEventListener("click", () => zoom(1.3));
  one("out").addEventListener("click", () => zoom(1 / 1.3));
  one("fit").addEventListener("click", fit);
  picture.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(Math.exp(-Math.max(-100, Math.min(100, event.deltaY)) / 300), at(event));
  }, { passive: false });
  const pointers = new Map();
  let travelled = 0;
  picture.addEventListener("pointerdown", (event) => {
    pointers.set(event.pointerId, event);
    travelled = 0;
  });
  picture.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const by = scale();
    const others = [...pointers.values()].filter((other) => other.pointerId !== event.pointerId);
    if (others.length === 1) {
      const away = (pointer) => Math.hypot(pointer.clientX - others[0].clientX, pointer.clientY - others[0].clientY);
      zoom(away(event) / (away(before) || 1), at(others[0]));
    } else {
      move((before.clientX - event.clientX) / by, (before.clientY - event.clientY) / by);
    }
    travelled += Math.abs(before.clientX - event.clientX) + Math.abs(before.clientY - event.clientY);
    if (travelled > 4 && !picture.hasPointerCapture(event.pointerId)) {
      picture.setPointerCapture(event.pointerId);
      picture.classList.add("dragged");
    }
    pointers.set(event.pointerId, event);
  });
  for (const name of ["pointerup", "pointercancel"]) {
    picture.addEventListener(name, (event) => {
      pointers.delete(event.pointerId);
      picture.classList.remove("dragged");
    });
  }
  picture.addEventListener("click", (event) => {
    if (travelled > 4) return;
    const node = event.target.closest(".node");
    select(node && node.id !== selected ? node.id : null, false);
  });

  // The keyboard.
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") { select(null); return; }
    if (event.target === search) return;
    if (event.key === "/") { event.preventDefault(); select(null); search.focus(); return; }
    if (event.key === "+" || event.key === "=") zoom(1.3);
    else if (event.key === "-") zoom(1 / 1.3);
    else if (event.key === "0") fit();
    else if (picture.contains(event.target)) {
      const node = event.target.closest(".node"), step = 60 / scale();
      if (node && (event.key === "Enter" || event.key === " ")) select(node.id === selected ? null : node.id, true);
      else if (event.key === "ArrowLeft") move(-step, 0);
      else if (event.key === "ArrowRight") move(step, 0);
      else if (event.key === "ArrowUp") move(0, -step);
      else if (event.key === "ArrowDown") move(0, step);
      else return;
      event.preventDefault();
    }
  });
  picture.addEventListener("focusin", (event) => {
    const node = event.target.closest(".node");
    if (node && node.matches(":focus-visible")) bringIntoView(node);
  });
  if (nodes.has(location.hash.slice(1))) select(location.hash.slice(1));
})();
