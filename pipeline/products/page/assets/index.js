
"use strict";
(() => {
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const detail = byId("detail"), input = byId("q"), hits = byId("hits"), said = byId("said");
  const fields = new Map(), forms = new Map();
  data.forms.forEach((form) => {
    forms.set(form.code, form);
    form.fields.forEach((field, n) => fields.set(field.code, { form, field, n }));
  });
  const codes = Object.keys(data.units);
  root.classList.add("on");

  // Texts only ever become text nodes: nothing an officer typed is read as HTML.
  function el(tag, attributes, ...children) {
    const made = document.createElement(tag);
    Object.keys(attributes || {}).forEach((name) => made.setAttribute(name, attributes[name]));
    made.append(...children.filter((child) => child !== "" && child !== null && child !== undefined));
    return made;
  }
  const link = (hash, text) => el("a", { href: "#" + hash }, text);
  const chip = (kind, text) => el("span", { class: "c " + kind }, text);
  const address = (href) => href.split("/").map(encodeURIComponent).join("/");

  function table(label, heads, rows, kind) {
    const head = el("tr", {}, ...heads.map((text) => el("th", { scope: "col" }, text)));
    return el("div", { class: "wide", tabindex: "0", role: "region", "aria-label": label },
      el("table", { class: kind || "" }, el("thead", {}, head), el("tbody", {}, ...rows)));
  }
  function row(head, cells) {
    return el("tr", {}, el("th", { scope: "row" }, head), ...cells.map(([kind, value]) => el("td", { class: kind }, value)));
  }
  function folded(title, open, ...content) {
    const made = el("details", {}, el("summary", {}, el("h3", {}, title)), ...content);
    made.open = open;
    return made;
  }

  // Where things were typed.
  function source(seq) {
    const file = data.files[seq];
    if (!file) return "";
    return file.href ? el("a", { class: "file", href: address(file.href) }, file.name) : el("span", { class: "file" }, file.name);
  }
  function address1(form, seq, sheetRow, n) {
    const columns = (data.files[seq] || { columns: {} }).columns[form.code];
    return columns && columns[n] ? columns[n] + sheetRow : "";
  }
  const sheetOf = (form, seq) => (data.files[seq] || { sheets: {} }).sheets[form.code] || form.sheet;
  const withUnit = (value, unit) => (/^-?[\d.]+$/.test(value) ? value + unit : value) || "—";

  // Of a value: the period it was reported for, where that is an earlier one.
  const earlier = (standing, n) => (typeof standing[5] === "string" ? standing[5] : (standing[5] || {})[n]) || "";
  const withSource = (standing, n, unit, brief) => {
    const shown = withUnit(standing[3][n], unit), from = standing[3][n] ? earlier(standing, n) : "";
    return from ? el("span", { class: "before" }, shown, el("small", {}, "沿用上次" + (brief ? "" : "（" + from + "）"))) : shown;
  };
  // Where a typed text lies: of a value that another return says, not in this file.
  const cellOf = (form, standing, n) => (typeof standing[5] === "object" && standing[5][n] ? "" : address1(form, standing[0], standing[1], n));
  const asked = (quantity, required) => (required === null || quantity.words ? "" :
    "，到期末应达" + required + (quantity.fields.length > 1 ? "%" : quantity.unit));

  function verdicts(code, fieldCode) {
    const judged = data.judged[code];
    if (!judged) return [];
    return data.quantities.map((quantity, n) => [quantity, judged[n]])
      .filter(([quantity]) => quantity.fields[0] === fieldCode)
      .map(([quantity, [value, status, pace, required]]) => {
        const [kind, name] = pace === null ? data.statuses[status] : data.paces[pace];
        if (!name) return "";
        const rate = quantity.fields.length > 1 && value !== null ? value + "%，" : "";
        const target = quantity.target ? "目标" + quantity.target : "";
        return el("span", {}, chip(kind, name), " " + rate + target + (kind === "behind" || kind === "on_path" ? asked(quantity, required) : ""));
      }).filter((one) => one !== "");
  }

  // What of a sheet is where on its expected path.
  function judgedIn(code, form, kinds) {
    const judged = data.judged[code] || [];
    return data.quantities.map((quantity, n) => [quantity, judged[n]])
      .filter(([quantity, one]) => one && one[2] !== null && kinds.includes(data.paces[one[2]][0]) && fields.get(quantity.fields[0]).form === form);
  }
  const unmet = ["behind", "on_path", "not_due", "unclear"];
  function unmetPart(code) {
    const found = [].concat(...unmet.map((kind) => [].concat(...data.forms.map((form) => judgedIn(code, form, [kind]).map((one) => [form, ...one])))));
    const rows = found.filter(([form]) => (data.rows[form.code] || {})[code]).map(([form, quantity, [value, , pace, required]]) => {
      const { field, n } = fields.get(quantity.fields[0]);
      const standing = data.rows[form.code][code];
      const figure = quantity.fields.length > 1 ? value + "%" : withSource(standing, n, field.unit);
      const due = required === null ? "—" : quantity.words ? quantity.target : required + (quantity.fields.length > 1 ? "%" : quantity.unit);
      return row(link("f-" + field.code, quantity.title), [["", figure], ["", quantity.target], ["", chip(...data.paces[pace])], ["n", due],
        ["w", sheetOf(form, standing[0]) + "!" + cellOf(form, standing, n)]]);
    });
    if (!rows.length) return "";
    const silent = data.units[code].known !== "reported";
    const title = silent ? "上次报时没有达标、本期情况不明的指标" : "还没有达标的指标";
    const behind = found.filter(([, , one]) => data.paces[one[2]][0] === "behind").length;
    return folded(title + "（" + rows.length + (behind ? "，其中落后 " + behind : "") + "）", behind > 0,
      table(title, ["指标", silent ? "上次所报" : "目前", "目标", "进度", "到期末应达", "工作表!单元格"], rows, "even"));
  }

  // One county or prefecture.
  function formPart(code, form, wanted) {
    const standing = (data.rows[form.code] || {})[code];
    if (!standing) return "";
    const [seq, sheetRow, nil, , typed] = standing;
    const before = ((data.before[form.code] || {})[code]) || [];
    const rows = form.fields.map((field, n) => ({ field, n })).filter(({ field }) => field.asked).map(({ field, n }) => {
      const cells = [
        ["", withSource(standing, n, field.unit, typeof standing[5] === "string")],
        ["", el("span", {}, ...verdicts(code, field.code))],
        ["", before.length ? withUnit(before[n], field.unit) : "—"],
        ["w", cellOf(form, standing, n)],
        ["typed", typed[n] === undefined ? "" : typed[n]],
      ];
      const made = row(link("f-" + field.code, field.title), cells);
      made.dataset.field = field.code;
      if (field.code === wanted) made.classList.add("found");
      return made;
    });
    const silent = data.units[code].known !== "reported";
    const note = silent ? "本期没有报，下列沿用上次" + (typeof standing[5] === "string" ? "（" + standing[5] + "）" : "") + "所报的数。" : nil ? "勾选“本期无新进展”，下列数是以前接收的数。" : "";
    const counts = data.paces.map(([kind, name]) => [name, judgedIn(code, form, [kind]).length]).filter(([, count]) => count);
    const counted = counts.length ? "，" + counts.map(([name, count]) => name + " " + count).join("、") : "";
    const from = seq ? ["来自 ", source(seq), "（报送序号 " + seq + "），工作表“" + sheetOf(form, seq) + "”第 " + sheetRow + " 行"] : ["由合并以前各单位所报的数合成"];
    return folded(form.sheet + "（" + rows.length + " 栏" + counted + "）", form.fields.some((field) => field.code === wanted),
      el("p", { class: "soft" }, note, ...from),
      table(form.sheet, ["指标", "数", "目标与结论", data.previous ? "上期" : "上期（无）", "单元格", "原样文字（与读出的数不同时）"], rows, "even"));
  }
  function entryParts(code) {
    return Object.keys(data.entries).map((formCode) => {
      const form = forms.get(formCode);
      const mine = data.entries[formCode].filter((entry) => entry[0] === code);
      if (!mine.length) return "";
      const rows = mine.map(([, number, seq, sheetRow, , values, , since]) => {
        const cells = form.fields.map((field, n) => [values[n].length > 10 ? "long" : "w", withUnit(values[n], field.unit)]);
        return row(number || "—", [...cells, ["", el("span", {}, source(seq), " ", el("span", { class: "place" }, sheetOf(form, seq) + "!第" + sheetRow + "行"), since ? "，沿用上次（截至" + since + "）" : "")]]);
      });
      return folded(form.sheet + "（" + mine.length + "条）", false,
        table(form.sheet, ["编号", ...form.fields.map((field) => field.title), "来源"], rows));
    });
  }
  function owedPart(code) {
    const owed = data.owed[code] || [], settled = data.settled[code];
    const line = (one) => {
      const basis = one.file ? el("span", {}, source(one.file), " ", el("span", { class: "place" }, one.sheet ? one.sheet + (one.cell ? "!" + one.cell : "") : "")) : "—";
      const late = one.days ? one.days + "天" + (one.streak > 1 ? "，连续" + one.streak + "期" : "") : "";
      return row(one.what, [["w", one.kind], ["w", one.due], ["", chip(one.timely, one.timely_name)], ["w", one.met_on || "—"], ["", one.reason], ["w", late], ["", basis]]);
    };
    const heads = ["事项", "类别", "应完成日期", "结论", "完成或接收日期", "原因", "逾期", "依据"];
    const late = owed.filter((one) => one.timely === "OVERDUE"), others = owed.filter((one) => one.timely !== "OVERDUE");
    return [
      late.length ? el("h3", {}, "逾期事项（" + late.length + "）") : "",
      late.length ? table("逾期事项", heads, late.map(line)) : "",
      others.length ? folded((late.length ? "其余" : "") + "应报事项（" + others.length + "）", false, table("应报事项", heads, others.map(line))) : "",
      settled ? el("p", { class: "soft" }, "以前各期已办结的 " + settled + " 项不再列出。") : "",
    ];
  }
  // What stands in the page's own tables is shown again, not written a second time.
  function copied(title, from, ...units) {
    const holder = document.querySelector(from);
    const rows = holder ? [...holder.querySelectorAll("tbody tr")].filter((line) => units.includes(line.dataset.unit)) : [];
    if (!rows.length) return [];
    const heads = [...rows[0].closest("table").querySelectorAll("thead th")].map((head) => head.textContent);
    const copies = rows.map((line) => { const copy = line.cloneNode(true); copy.hidden = false; return copy; });
    return [el("h3", {}, title + "（" + rows.length + "）"), table(title, heads, copies)];
  }
  function papers(code) {
    const mine = [...document.querySelectorAll("#documents a")].filter((one) => one.textContent.startsWith(code + "_"));
    return mine.length ? el("span", {}, "文书：", ...mine.map((one) => el("span", { class: "paper" }, one.cloneNode(true)))) : "";
  }
  function facts(code, unit) {
    const file = Object.keys(data.rows).map((form) => (data.rows[form][code] || [])[0]).filter((seq) => seq)
      .filter((seq, n, all) => all.indexOf(seq) === n);
    const completion = unit.own ? "，按已报 " + unit.reported + "/" + unit.roster + " 个县统计" : unit.counted ? "（" + unit.met + "/" + unit.counted + " 项达标）" : "";
    return el("div", { class: "facts" },
      unit.state ? el("span", {}, unit.own ? "本级 " : "", chip(unit.state, data.states[unit.state])) : "",
      unit.timely ? el("span", {}, "报送 ", chip(unit.timely, unit.timely_name)) : "",
      el("span", {}, "完成率 " + unit.pct + (unit.pct === "—" ? "" : completion) + (unit.bounds ? "，" + unit.bounds : "")),
      unit.band ? el("span", {}, "位次 " + unit.band) : "",
      unit.known ? el("span", {}, "所报的数 ", chip(unit.known, unit.known_name)) : "",
      unit.contact ? el("span", {}, "对口联系单位：" + unit.contact) : "",
      file.length ? el("span", {}, unit.known === "known" ? "沿用上次的报表：" : "报表：", ...file.map((seq) => el("span", {}, source(seq), "（" + data.files[seq].received + " 收到）"))) : "",
      unit.absence && unit.absence !== data.states[unit.state] ? el("span", {}, unit.absence) : "",
      unit.own || unit.absence ? papers(unit.of) : "");
  }
  function unitPart(code, wanted) {
    const unit = data.units[code];
    const peers = codes.filter((other) => data.units[other].own === unit.own && (unit.own || data.units[other].of === unit.of));
    const at = peers.indexOf(code);
    const step = (n, text) => (peers[n] ? link("c-" + peers[n], text + data.units[peers[n]].name) : "");
    const whole = unit.absence ? [unit.of] : [];
    const counties = unit.own ? codes.filter((other) => !data.units[other].own && data.units[other].of === code) : [];
    const parts = data.forms.map((form) => formPart(code, form, wanted)).filter((part) => part !== "");
    return [
      heading(unit.name, unit.own ? "" : link("c-" + unit.of, data.units[unit.of].name)),
      el("p", { class: "acts" }, step(at - 1, "上一个："), step(at + 1, "下一个："), closer()),
      facts(code, unit),
      counties.length ? el("p", { class: "chips" }, ...counties.map((other) => {
        const one = data.units[other];
        return el("a", { class: "c " + one.state, href: "#c-" + other }, one.name + (one.state === "ACCEPTED" ? "" : " " + data.states[one.state]));
      })) : "",
      ...copied("问题", "#findings", code, ...whole),
      ...owedPart(code),
      ...copied("重报改动", "#revisions", code),
      unmetPart(code),
      parts.length ? el("h3", {}, "各表的数　", unfolder()) : el("p", { class: "soft" }, unit.own ? "没有本级填报的数。" : unit.known_name + "，没有已接收的数。"),
      ...parts, ...(unit.own ? entryParts(code) : []),
    ];
  }

  // One column, over everybody asked.
  function fieldPart(code) {
    const { form, field, n } = fields.get(code);
    const everyone = codes.filter((unit) => form.rows === (data.units[unit].own ? "prefecture" : "county"));
    let given = 0, carried = 0;
    const rows = everyone.map((unit) => {
      const standing = (data.rows[form.code] || {})[unit], named = data.units[unit];
      const name = link("c-" + unit + "/" + code, named.name), of = named.own ? "" : data.units[named.of].name;
      if (!standing) return row(name, [["w", of], ["", chip(named.state, data.states[named.state])], ["", ""], ["", ""], ["", ""], ["", ""]]);
      const [seq, , nil, values, typed] = standing, from = values[n] ? earlier(standing, n) : "";
      carried += from ? 1 : 0;
      given += values[n] && !from ? 1 : 0;
      return row(name, [["w", of], ["", el("span", {}, withSource(standing, n, field.unit), nil && !from ? "（零报告）" : "")],
        ["", el("span", {}, ...verdicts(unit, code))], ["", source(seq)], ["w", sheetOf(form, seq) + "!" + cellOf(form, standing, n)],
        ["typed", typed[n] === undefined ? "" : typed[n]]]);
    });
    return [
      heading(field.title, code),
      el("p", { class: "acts" }, closer()),
      el("p", { class: "soft" }, form.sheet + " · " + field.item + " · 本期已填 " + given + "/" + everyone.length + (form.rows === "county" ? " 个县" : " 个州（市）") + (carried ? "，沿用上次 " + carried : "")),
      form.rows === "list" ? el("p", {}, "这是清单里的一栏，请打开州（市）查看各条。") :
        el("div", { class: "tall" }, table(field.title, [form.rows === "county" ? "县（市、区）" : "州（市）", "所属", "数", "目标与结论", "文件", "工作表!单元格", "原样文字"], rows)),
    ];
  }

  const heading = (name, beside) => el("h2", { id: "detail-name", tabindex: "-1" }, name, beside === "" ? "" : "　", beside);
  function closer() {
    const button = el("button", { type: "button" }, "关闭");
    button.addEventListener("click", close);
    return button;
  }
  function unfolder() {
    const button = el("button", { type: "button", class: "plain" }, "全部展开");
    button.addEventListener("click", () => detail.querySelectorAll("details").forEach((one) => { one.open = true; }));
    return button;
  }
  let opener = null;
  function close() {
    detail.hidden = true;
    detail.replaceChildren();
    history.replaceState(null, "", location.pathname + location.search);
    (opener || input).focus();
  }
  function route() {
    const [, kind, code, wanted] = /^#([cf])-([^/]+)(?:\/(.+))?$/.exec(decodeURIComponent(location.hash)) || [];
    const known = kind === "c" ? data.units[code] : kind === "f" ? fields.get(code) : null;
    if (!known) {
      detail.hidden = detail.hidden || location.hash === "";
      return;
    }
    detail.replaceChildren(...(kind === "c" ? unitPart(code, wanted) : fieldPart(code)).filter((part) => part !== ""));
    detail.hidden = false;
    detail.scrollIntoView();
    byId("detail-name").focus({ preventScroll: true });
    const found = detail.querySelector("tr.found");
    if (found) found.scrollIntoView({ block: "center" });
  }
  addEventListener("hashchange", route);
  document.addEventListener("click", (event) => {
    const to = event.target.closest && event.target.closest("a[href^='#']");
    if (!to) return;
    if (!detail.contains(to)) opener = to;
    if (to.getAttribute("href") === decodeURIComponent(location.hash)) route();
    if (to.dataset.show !== undefined) { byId("counties").open = true; press("county-table", to.dataset.show); }
    if (to.dataset.kind !== undefined) press("finding-table", to.dataset.kind);
  });
  detail.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });

  // Filters of the long tables.
  function press(id, kind) {
    document.querySelectorAll(".filter[data-table='" + id + "'] button").forEach((button) => {
      button.setAttribute("aria-pressed", String(button.dataset.of === kind));
    });
    byId(id).querySelectorAll("tbody tr").forEach((line) => { line.hidden = kind !== "" && line.dataset.kind !== kind; });
  }
  document.querySelectorAll(".filter").forEach((group) => group.addEventListener("click", (event) => {
    if (event.target.dataset.of !== undefined) press(group.dataset.table, event.target.dataset.of);
  }));

  // Arrow keys on the map: to the nearest tile on that side.
  const tiles = [...document.querySelectorAll(".map .t")].map((tile) => {
    const box = tile.querySelector("rect");
    return { tile, x: Number(box.getAttribute("x")), y: Number(box.getAttribute("y")) };
  });
  const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  document.querySelector(".map").addEventListener("keydown", (event) => {
    const way = ways[event.key], here = tiles.find((one) => one.tile === document.activeElement);
    if (!way || !here) return;
    event.preventDefault();
    const far = (one) => {
      const along = (one.x - here.x) * way[0] + (one.y - here.y) * way[1];
      const aside = Math.abs((one.x - here.x) * way[1]) + Math.abs((one.y - here.y) * way[0]);
      return along > 0.1 ? along + 3 * aside : Infinity;
    };
    const next = tiles.reduce((best, one) => (far(one) < far(best) ? one : best), here);
    if (next !== here) next.tile.focus();
  });

  // Search over counties, prefectures and columns; a county and a column together give the figure.
  const plain = (text) => text.normalize("NFKC").toLowerCase();
  const places = codes.map((code) => {
    const unit = data.units[code];
    return { hash: "c-" + code, code, text: unit.name, key: plain([unit.name, ...unit.names, code].join(" ")), first: plain(unit.name),
      hint: unit.own ? "州（市）" : data.units[unit.of].name + " · " + data.states[unit.state] };
  });
  const columns = [...fields.values()].map(({ form, field, n }) => ({ hash: "f-" + field.code, form, field, n, text: field.title,
    key: plain([field.title, field.code, field.item, form.sheet].join(" ")), first: plain(field.code), hint: field.code + " · " + form.sheet }));
  function words(text) {
    const given = plain(text).split(/[\s，,、]+/).filter((word) => word);
    return given.reduce((all, word) => {
      const place = places.find((one) => word.length > one.first.length && word.startsWith(one.first));
      return all.concat(place ? [place.first, word.slice(place.first.length)] : [word]);
    }, []);
  }
  const sorted = (some, word) => some.slice().sort((a, b) => Number(!a.first.startsWith(word)) - Number(!b.first.startsWith(word)));
  function found(text) {
    const given = words(text);
    if (!given.length) return [];
    const all = (one) => given.every((word) => one.key.includes(word));
    const figures = [];
    given.forEach((word, at) => {
      const rest = given.filter((_, n) => n !== at);
      if (!rest.length) return;
      sorted(places.filter((one) => one.key.includes(word)), word).slice(0, 4).forEach((place) => {
        columns.filter((one) => rest.every((other) => one.key.includes(other))).slice(0, 8).forEach((column) => {
          const standing = (data.rows[column.form.code] || {})[place.code];
          if (standing) figures.push({ hash: place.hash + "/" + column.field.code, text: place.text + "　" + column.text + "：" + withUnit(standing[3][column.n], column.field.unit) + (standing[3][column.n] && earlier(standing, column.n) ? "（沿用上次）" : ""), hint: column.hint });
        });
      });
    });
    return [...figures, ...sorted(places.filter(all), given[0]), ...sorted(columns.filter(all), given[0])];
  }
  let active = -1, options = [];
  function show() {
    const every = found(input.value);
    options = every.slice(0, 12);
    active = -1;
    hits.replaceChildren(...options.map((one, n) => el("li", { role: "option", id: "hit-" + n, "aria-selected": "false" },
      el("span", {}, one.text), el("span", { class: "soft" }, one.hint))));
    hits.hidden = !options.length;
    input.setAttribute("aria-expanded", String(options.length > 0));
    input.removeAttribute("aria-activedescendant");
    said.textContent = !input.value.trim() ? "" : every.length ? "找到 " + every.length + " 项" + (every.length > 12 ? "，列出前 12 项" : "") : "没有找到";
  }
  function select(n) {
    active = (n + options.length) % options.length;
    [...hits.children].forEach((one, at) => one.setAttribute("aria-selected", String(at === active)));
    hits.children[active].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", "hit-" + active);
  }
  function go(n) {
    const hash = "#" + options[n].hash;
    opener = input;
    hits.hidden = true;
    input.setAttribute("aria-expanded", "false");
    if (decodeURIComponent(location.hash) === hash) route(); else location.hash = hash;
  }
  input.addEventListener("input", show);
  input.addEventListener("focus", () => { if (input.value) show(); });
  input.addEventListener("blur", () => { hits.hidden = true; input.setAttribute("aria-expanded", "false"); });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { input.value = ""; show(); }
    if (!options.length || event.isComposing) return;
    if (event.key === "ArrowDown") { event.preventDefault(); select(active + 1); }
    if (event.key === "ArrowUp") { event.preventDefault(); select(active < 0 ? -1 : active - 1); }
    if (event.key === "Enter") { event.preventDefault(); go(Math.max(active, 0)); }
  });
  hits.addEventListener("mousedown", (event) => {
    const one = event.target.closest("li");
    event.preventDefault();
    if (one) go([...hits.children].indexOf(one));
  });
  // The long table, and the places its links lead to, are for those without scripts: here they open the details instead.
  byId("counties").open = false;
  document.querySelectorAll("[id^='c-'], [id^='f-']").forEach((one) => one.removeAttribute("id"));
  route();
})();
