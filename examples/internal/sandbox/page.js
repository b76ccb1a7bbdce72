"use strict";
// The page draws with createElement and textContent alone: whatever an alert
// holds, it becomes text.
(() => {
  const words = JSON.parse(document.body.dataset.words);
  const say = (key) => words[key] ?? key;
  const byId = (id) => document.getElementById(id);
  const keep = 200;
  const clock = new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
  const count = new Intl.NumberFormat(document.documentElement.lang);
  const drawn = new Map(); // id of an item: its element

  // make returns an element with a class and children, which are elements or text.
  function make(tag, name, ...kids) {
    const e = document.createElement(tag);
    if (name) e.className = name;
    for (const kid of kids) if (kid !== null && kid !== undefined && kid !== "") e.append(kid);
    return e;
  }

  const tags = new Set(["b", "i", "code", "p", "ul", "ol", "li", "pre", "hr", "br"]);
  const colours = new Set(["info", "comment", "warning", "red", "blue"]);

  // draw returns a node of a message. What it does not know is drawn as text.
  function draw(node) {
    const kids = (node.k ?? []).map(draw);
    const text = node.s ?? "";
    switch (node.t ?? "") {
      case "": return document.createTextNode(text);
      case "font": return make("span", colours.has(node.c) ? "ink-" + node.c : "", ...kids);
      case "at": return make("span", "at", text);
      case "quote": return make("blockquote", "", ...kids);
      case "a": {
        if (!node.h) return make("span", "dead", ...kids);
        const a = make("a", "", ...kids);
        a.href = node.h;
        a.rel = "noopener noreferrer nofollow";
        a.target = "_blank";
        return a;
      }
      case "h1": case "h2": case "h3": case "h4": case "h5": case "h6": return make("p", "h " + node.t, ...kids);
    }
    return make(tags.has(node.t) ? node.t : "span", "", text, ...kids);
  }

  function time(item) {
    const t = make("time", "", clock.format(new Date(item.at)));
    t.dateTime = item.at;
    return t;
  }

  function message(item) {
    const ding = item.dest === "dingtalk";
    const bubble = make("div", "bubble", ...(item.body ?? []).map(draw));
    if (item.links) bubble.append(make("div", "taps", ...item.links.map(draw)));
    return make("article", "message " + item.dest,
      make("span", "avatar", "T"),
      make("div", "said",
        make("p", "by", make("span", "", say("robot")), time(item), make("span", "meta", (item.meta ?? []).join(" · "))),
        ding && item.title ? make("p", "notice", make("span", "sr", say("preview") + ": "), item.title) : null,
        bubble));
  }

  function refusal(item) {
    const word = item.dest === "trap" ? say("dropped") : say("refused");
    return make("article", "refusal", make("p", "", make("strong", "", word + (item.title ? " " + item.title : "")), time(item)), make("p", "why", (item.meta ?? []).join(" ")));
  }

  function rows(item) {
    const body = make("tbody", "");
    for (const r of item.rows ?? []) {
      const name = make("th", "", r.n);
      name.scope = "row";
      if (r.t) name.title = r.t;
      body.append(make("tr", "", name, make("td", "", r.v)));
    }
    return make("table", "", body);
  }

  // folded draws its rows when they are looked at: a storm is thousands of them.
  function folded(item, open) {
    const box = make("details", "fold tone-" + (item.tone ?? "warn"),
      make("summary", "", make("span", "title", item.title ?? ""), time(item), make("span", "meta", (item.meta ?? []).join(" · "))));
    const unfold = () => { if (!box.querySelector("table")) box.append(rows(item)); };
    box.addEventListener("toggle", () => { if (box.open) unfold(); });
    if (open) unfold();
    box.open = open;
    return box;
  }

  function note(item) {
    let text = (item.meta ?? []).filter(Boolean).join(" · ");
    if (item.title === "chain") {
      const [status, key] = item.meta;
      text = say("chain") + ": " + say(status === "failed" ? "failed-chain" : status) + (key ? " · " + say("key") + " " + key : "");
    } else if (item.title) text = item.title + " " + text;
    return make("p", "note tone-" + (item.tone ?? ""), text, time(item));
  }

  function button(name, text, path, label) {
    const b = make("button", name, text);
    b.type = "button";
    if (label) b.setAttribute("aria-label", label);
    b.addEventListener("click", () => post(path).catch(() => {}));
    return b;
  }

  // buttons returns what a person can do with a call.
  function buttons(item, c) {
    const path = "/calls/" + item.id + "/";
    const who = (c.who || say("on-call")) + " " + c.number;
    if (c.state === "ringing") {
      return make("div", "acts", button("pick", say("answer"), path + "answer", say("answer") + ": " + who),
        button("quiet", say("let-ring"), path + "miss", say("let-ring") + ": " + who));
    }
    if (c.deaf) return make("p", "hint", say("no-keys"));
    const pad = make("div", "pad");
    pad.setAttribute("role", "group");
    pad.setAttribute("aria-label", say("press") + " " + who);
    for (let n = 1; n <= 9; n++) {
      const meaning = (c.keys ?? []).includes(String(n)) ? say("key." + n) : "";
      pad.append(button("", make("span", "digit", String(n)), path + "key?key=" + n, say("key") + " " + n + (meaning ? ": " + meaning : "")));
      if (meaning) pad.lastChild.append(make("span", "meaning", meaning));
    }
    return make("div", "", make("p", "hint", say("press")), pad);
  }

  function call(item) {
    const c = item.call;
    const open = c.state === "ringing" || c.state === "talking";
    const card = make("article", "call state-" + c.state,
      make("div", "who",
        make("span", "handset", "☎"),
        make("div", "", make("p", "name", c.who || say("on-call")), make("p", "number", c.number, c.round > 1 ? " · " + say("round").replace("{n}", c.round) : "")),
        make("span", "state", say(c.state) + (c.key ? " " + c.key : ""))),
      open ? buttons(item, c) : null,
      c.text ? make("blockquote", "aloud", make("span", "sr", say("aloud") + ": "), c.text) : null,
      make("p", "after", time(item), (c.result ?? "").startsWith("told-") ? " " + say(c.result) : ""));
    card.querySelector(".handset").setAttribute("aria-hidden", "true");
    card.dataset.state = c.state;
    return card;
  }

  function render(item, open) {
    switch (item.kind) {
      case "message": return message(item);
      case "refusal": return refusal(item);
      case "call": return call(item);
      case "trap": case "alarm": return folded(item, open);
    }
    return note(item);
  }

  // place puts an item where it belongs, or in the place of what it was before.
  function place(item, open) {
    const log = byId(item.dest + "-log");
    if (!log) return;
    const e = render(item, open);
    e.dataset.item = item.id;
    const old = drawn.get(item.id);
    drawn.set(item.id, e);
    if (old) {
      const focused = old.contains(document.activeElement);
      old.replaceWith(e);
      if (focused) (e.querySelector("button") ?? log).focus();
      return;
    }
    log.querySelector(":scope > .empty")?.remove();
    log.append(e);
    if (log.childElementCount > keep) {
      drawn.delete(Number(log.firstElementChild.dataset.item));
      log.firstElementChild.remove();
    }
  }

  // placeAll places items, and lets who saw some of the last one see the beginning
  // of what comes. It asks for the layout once for all.
  function placeAll(items) {
    const before = new Map();
    for (const dest of new Set(items.map((i) => i.dest))) {
      const log = byId(dest + "-log");
      const last = log?.lastElementChild;
      if (log) before.set(log, { last, follows: !last || last.offsetTop < log.scrollTop + log.clientHeight });
    }
    const folds = items.filter((i) => i.rows).length;
    for (const item of items) place(item, folds <= 2);
    for (const [log, was] of before) {
      const last = log.lastElementChild;
      if (was.follows && last && last !== was.last) log.scrollTop = last.offsetTop - 10;
    }
  }

  function tallies(all) {
    for (const [dest, t] of Object.entries(all)) {
      const parts = [make("span", "", say("tally") + " ", make("b", "", count.format(t.ok)))];
      if (t.refused) parts.push(make("span", "bad", say("refused") + " ", make("b", "", count.format(t.refused))));
      if (t.waiting) parts.push(make("span", "busy", say("waiting") + " ", make("b", "", count.format(t.waiting))));
      byId(dest + "-tally")?.replaceChildren(...parts);
    }
  }

  // tell lets those hear what is new who cannot see it.
  function tell(items) {
    const ringing = items.filter((i) => i.call?.state === "ringing" && !drawn.has(i.id));
    if (ringing.length) byId("assertive").textContent = ringing.map((i) => say("ring-alert") + ": " + say("dest." + i.dest) + " " + (i.call.who || "") + " " + i.call.number).join(". ");
    const said = items.filter((i) => i.kind === "message" || i.kind === "refusal").at(-1);
    if (said) byId("polite").textContent = (said.kind === "message" ? say("message-alert") : say("refused")) + ": " + say("dest." + said.dest) + " " + (said.title ?? "");
  }

  function strip() {
    const ringing = document.querySelectorAll('.call[data-state="ringing"]');
    byId("strip").hidden = ringing.length === 0;
    byId("strip-text").textContent = say("ring-strip").replace("{n}", ringing.length);
    if (ringing.length) byId("strip").href = "#" + ringing[0].closest(".panel").id;
    document.title = (ringing.length ? "☎ " : "") + say("title");
  }

  function live(state) {
    byId("live").dataset.state = state;
    byId("live-text").textContent = say(state);
  }

  const source = new EventSource("/events");
  source.onopen = () => live("connected");
  source.onerror = () => live("lost");
  source.onmessage = (event) => {
    const batch = JSON.parse(event.data);
    if (batch.reset) {
      for (const e of drawn.values()) e.remove();
      drawn.clear();
    } else tell(batch.items);
    placeAll(batch.items);
    tallies(batch.tallies);
    strip();
  };

  async function post(path) {
    const answer = await fetch(path, { method: "POST" });
    if (!answer.ok) throw new Error((await answer.text()).trim());
  }

  for (const b of document.querySelectorAll("[data-do]")) {
    b.addEventListener("click", async () => {
      const status = byId("status");
      b.setAttribute("aria-busy", "true");
      status.textContent = say("sending") + " " + b.textContent;
      try {
        await post("/do/" + b.dataset.do);
        status.textContent = say("sent") + " " + b.textContent;
      } catch (error) {
        status.textContent = say("failed") + " " + error.message;
      }
      b.removeAttribute("aria-busy");
    });
  }
  for (const b of document.querySelectorAll("[data-copy]")) {
    b.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(b.dataset.copy);
        b.textContent = say("copied");
      } catch {
        getSelection().selectAllChildren(b.previousElementSibling);
      }
    });
  }
})();
