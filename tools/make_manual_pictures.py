"""Rebuild the pictures of ``docs/使用手册.md`` from a demo: ``python -m tools.make_manual_pictures DEMO_DIR [OUT_DIR]``.

Needs LibreOffice (soffice), poppler-utils (pdftoppm, pdfimages), chromium and the Noto CJK fonts on the machine:
``apt-get install -y libreoffice-calc libreoffice-writer poppler-utils chromium fonts-noto-cjk``. The demo is only read.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import openpyxl
from PIL import Image, ImageChops

from pipeline.program.layout import CODE_ROW, FIRST_ROW

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "docs" / "图"
PERIOD = "2023-04"  # the period the manual tells of
PREFECTURE = "楚雄州"  # the demo's officer who types 1场 and 约89
FORM_WORDS = "行动1"
FORM_SHEET, BLANK_COUNTY_AT, CLASHING_COUNTY_AT = "1.思想引领", 2, 4
CHECK_WORDS = "数据矛盾"
MARKED_WORDS = "行动6"  # where 约89 stands
MARGIN, WIDEST, HEAVIEST = 14, 1400, 200_000
BROWSER = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
)
FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
<include ignore_missing="yes">/etc/fonts/fonts.conf</include>{}</fontconfig>"""
ALIAS = (
    '<match target="pattern"><test name="family"><string>{}</string></test>'
    '<edit name="family" mode="assign" binding="strong"><string>{}</string></edit></match>'
)
SERIF, SANS = "Noto Serif CJK SC", "Noto Sans CJK SC"
STAND_INS = {"宋体": SERIF, "仿宋_GB2312": SERIF, "楷体_GB2312": SERIF, "方正小标宋简体": SERIF, "黑体": SANS}


def main(demo: Path, out: Path) -> None:
    """Make every picture; a missing program or page is an error."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        fonts = work / "fonts.conf"
        fonts.write_text(FONTS.format("".join(ALIAS.format(*pair) for pair in STAND_INS.items())), encoding="utf-8")
        os.environ["FONTCONFIG_FILE"] = str(fonts)
        for picture, image in pictures(demo.resolve(), work).items():
            print(save(image, out / f"{picture}.png"))


def pictures(demo: Path, work: Path) -> dict[str, Image.Image]:
    """Name → picture."""
    period = demo / "outbox" / PERIOD
    blank = next(period.glob(f"下发/*_{PREFECTURE}_*.xlsx"))
    title = blank.stem.rsplit("_", 1)[1]
    filled = next(demo.glob(f"inbox/*/{PREFECTURE}*{title}*.xlsx"))
    issued, half_filled = to_pdf(blank, work), to_pdf(unfinished(filled, work), work)
    form, check = page_showing(issued, FORM_WORDS), page_showing(half_filled, CHECK_WORDS)
    brief, overdue = to_pdf(period / "工作简报.docx", work), to_pdf(period / "逾期县清单.docx", work)
    page = period / "index.html"
    copy = next(period.glob(f"退回/*_{PREFECTURE}_*.xlsx"))
    notice = to_pdf(next(period.glob(f"退回/*_{PREFECTURE}_*.docx")), work)
    returned = to_pdf(copy, work)
    marked = page_showing(returned, MARKED_WORDS)
    return {
        "1_填报说明": cropped(without_footer(pdf_page(issued, 1, work, 170))),
        "2_行动表": cropped(without_footer(pdf_page(issued, form, work, 135))),
        "3_填写中的行动表": cropped(
            without_footer(pdf_page(half_filled, page_showing(half_filled, FORM_WORDS), work, 135))
        ),
        "4_自查": cropped(without_footer(pdf_page(half_filled, check, work, 135))),
        "5_汇总页": cropped(screenshot(page, "#findings,#overdue,#pictures,#fields,#received,#documents,.bar", work)),
        "6_汇总页的问题": cropped(
            screenshot(page, "header,.bar,.tiles,#documents,#map,#reports,#received,#fields,#pictures", work)
        ),
        "7_工作简报首页": framed(pdf_page(brief, 1, work, 95)),
        "8_工作简报图页": framed(pdf_page(brief, first_page_with_pictures(brief), work, 95)),
        "9_逾期县清单": framed(pdf_page(overdue, 1, work, 95)),
        "10_问题清单": cropped(without_footer(pdf_page(returned, 1, work, 135))),
        "11_退回的行动表": cropped(without_footer(pdf_page(returned, marked, work, 135))),
        "12_退回通知": framed(pdf_page(notice, 1, work, 80)),
    }


def unfinished(filled: Path, work: Path) -> Path:
    """A copy of a return with one county left blank and one contradiction, as it looks before the officer is done."""
    book = openpyxl.load_workbook(filled)
    sheet = book[FORM_SHEET]
    codes = {cell.value: cell.column for cell in sheet[CODE_ROW + 1]}
    for col in range(codes["nil"], codes["remark"]):
        sheet.cell(FIRST_ROW + 1 + BLANK_COUNTY_AT, col).value = None
    clash = FIRST_ROW + 1 + CLASHING_COUNTY_AT
    sheet.cell(clash, codes["Q02-2"]).value = 0
    sheet.cell(clash, codes["Q02-2f"]).value = "读书分享"
    path = work / "half_filled.xlsx"
    book.save(path)
    return path


def to_pdf(source: Path, work: Path) -> Path:
    """As LibreOffice prints it."""
    copy = work / f"{source.parent.name}_{source.name}"
    if copy != source:
        shutil.copyfile(source, copy)
    profile = (work / "profile").as_uri()
    run("soffice", "--headless", f"-env:UserInstallation={profile}", "--convert-to", "pdf", "--outdir", work, copy)
    return copy.with_suffix(".pdf")


def pdf_page(pdf: Path, number: int, work: Path, dpi: int) -> Image.Image:
    """One page."""
    run("pdftoppm", "-r", dpi, "-f", number, "-l", number, "-singlefile", "-png", pdf, work / "page")
    return opened(work / "page.png")


def page_showing(pdf: Path, words: str) -> int:
    """Number of the first page with some words: wide sheets take several pages."""
    pages = run("pdftotext", "-layout", pdf, "-").split("\f")
    return next(n for n, text in enumerate(pages, 1) if words in text)


def first_page_with_pictures(pdf: Path) -> int:
    """Its number."""
    lines = run("pdfimages", "-list", pdf).splitlines()[2:]
    return int(lines[0].split()[0])


def screenshot(page: Path, hidden: str, work: Path) -> Image.Image:
    """What a browser shows of the page without the parts ``hidden`` (a CSS selector)."""
    source, target = work / "page.html", work / "screen.png"
    html = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page.read_text(encoding="utf-8"))
    html = html.replace("</style>", f"{hidden}{{display:none}}</style>", 1)
    source.write_text(html, encoding="utf-8")
    with tempfile.TemporaryDirectory(dir=work) as profile:
        run(
            "chromium",
            *BROWSER,
            f"--user-data-dir={profile}",
            "--window-size=1120,2400",
            f"--screenshot={target}",
            source.as_uri(),
        )
    return opened(target)


def without_footer(image: Image.Image) -> Image.Image:
    """The sheet without the page number below."""
    return image.crop((0, 0, image.width, round(image.height * 0.92)))


def cropped(image: Image.Image) -> Image.Image:
    """Without the white around it."""
    box = ImageChops.difference(image, Image.new("RGB", image.size, "white")).getbbox() or (0, 0, *image.size)
    left, top, right, bottom = box
    return image.crop(
        (
            max(left - MARGIN, 0),
            max(top - MARGIN, 0),
            min(right + MARGIN, image.width),
            min(bottom + MARGIN, image.height),
        )
    )


def framed(image: Image.Image) -> Image.Image:
    """A whole page with a thin edge."""
    paper = Image.new("RGB", (image.width + 2, image.height + 2), "#B8C2CC")
    paper.paste(image, (1, 1))
    return paper


def opened(path: Path) -> Image.Image:
    """Read now, so that the file may be used again."""
    with Image.open(path) as image:
        return image.convert("RGB")


def save(image: Image.Image, path: Path) -> str:
    """With as many colours as it takes to stay small; name and size in words."""
    if image.width > WIDEST:
        image = image.resize((WIDEST, round(image.height * WIDEST / image.width)), Image.Resampling.LANCZOS)
    for colours in (128, 64, 32):
        image.quantize(colours, dither=Image.Dither.NONE).save(path, optimize=True)
        if path.stat().st_size <= HEAVIEST:
            return f"{path.name}\t{image.width}×{image.height}\t{path.stat().st_size // 1000} kB"
    sys.exit(f"{path.name} 超过 {HEAVIEST // 1000} kB")


def run(*command: object) -> str:
    """A program's output; its failure is an error."""
    done = subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True)
    return done.stdout


if __name__ == "__main__":
    if len(sys.argv) not in {2, 3}:
        sys.exit("用法：python -m tools.make_manual_pictures 演示目录 [图片目录]")
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else OUT)  # noqa: PLR2004 - the second argument
