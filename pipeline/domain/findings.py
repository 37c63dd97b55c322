"""Respondents' mistakes as values, and the one catalogue of their texts.

A finding says what, where, found, expected and how to fix it. Codes are stable; texts are for officers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class Severity(StrEnum):
    """``critical`` returns the county (or the file), ``warning`` asks to look again, ``info`` is a note."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


SHOWN_TEXT = 200  # characters of what was found
SEVERITY_NAMES = {Severity.CRITICAL: "须改正", Severity.WARNING: "请核对", Severity.INFO: "提示"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingKind:
    """One kind of mistake.

    Attributes:
        title: Short Chinese name.
        fix: How to mend it.
        whole_file: The file, not one county, is returned.
        holds: The file is neither merged nor returned until staff say whose it is.
        one_cause: Many cells have it at once; each is told in a few words, one line a column.
        aside: Something in the file was left out while the rest was taken.
        explainable: It may be true: it is asked about, and passes with a reason.
    """

    severity: Severity
    title: str
    fix: str
    whole_file: bool = False
    holds: bool = False
    one_cause: bool = False
    aside: bool = False
    explainable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where a finding is; empty strings where it does not apply."""

    file: str = ""
    sheet: str = ""
    cell: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One mistake, or one note.

    Attributes:
        rule: The rule of ``expectations/`` that fired; empty for reading and identity.
        field: The blamed column's code; empty when a row, sheet or file is meant.
        found: What stands there, as typed.
    """

    code: str
    severity: Severity
    location: Location
    prefecture_code: str = ""
    county_code: str = ""
    field: str = ""
    rule: str = ""
    found: str = ""
    expected: str = ""
    fix: str = ""

    def at(self, **changes: str) -> Finding:
        """The same finding with some of ``file``, ``sheet``, ``cell`` changed."""
        return replace(self, location=replace(self.location, **changes))


def fitted(text: str) -> str:
    """As much of an officer's text as is shown."""
    return text if len(text) <= SHOWN_TEXT else text[:SHOWN_TEXT] + "…"


def finding(code: str, *, found: str = "", expected: str = "", fix: str = "", **where: str) -> Finding:
    """A finding of the catalogue.

    Args:
        code: A key of :data:`CATALOGUE`.
        found: What stands there.
        expected: What should.
        fix: How to mend it, when the catalogue's sentence can be said more exactly.
        where: ``file``, ``sheet``, ``cell``, ``prefecture_code``, ``county_code``, ``field``, ``rule``.
    """
    kind = CATALOGUE[code]
    found = fitted(found)
    location = Location(**{key: where.pop(key) for key in ("file", "sheet", "cell") if key in where})
    return Finding(
        code=code,
        severity=kind.severity,
        location=location,
        found=found,
        expected=expected,
        fix=fix or kind.fix,
        **where,
    )


EXPLAINED = "EXPLAINED"  # what is unlikely, accepted with the officer's reason; the reason stands as the remedy
CHANGED = "CHANGED"  # a value that stood is another now; why stands as the remedy
UNEXPLAINED = "CHANGED_UNEXPLAINED"  # the same without a reason
OUTLIER = "OUTLIER"  # a count unlike its own past and its peers'
AMENDED = "AMENDED"  # staff have entered another value on top of what the return says
REFUSED = "EXPLANATION_REFUSED"  # the same after staff did not take the reason
UNREPORTED = frozenset({"ROW_BLANK", "ROW_UNCONFIRMED"})  # what says that a row reports nothing
ADMIT = "请在下发的表上填报，或与办公室联系核实"
KEY = "请在办公室的工作目录里检查，那里才有签发密钥 issue.key"
_CLOSED = "确需更正的，请先与办公室联系"
C, W, N = Severity.CRITICAL, Severity.WARNING, Severity.INFO

CATALOGUE: dict[str, FindingKind] = {
    # the file
    "FILE_EMPTY": FindingKind(severity=C, title="空文件", fix="文件是0字节，请重新保存后再报送", whole_file=True),
    "FILE_TOO_LARGE": FindingKind(
        severity=C, title="文件过大", fix="请只保留下发的工作表，去掉图片和附件后再报送", whole_file=True
    ),
    "FILE_BOMB": FindingKind(
        severity=C, title="解压后的内容过大", fix="请把填好的数复制到重新下发的表中，另存后再报送", whole_file=True
    ),
    "FILE_NOT_A_WORKBOOK": FindingKind(
        severity=C, title="不是电子表格", fix="请在下发的表上填写，存为xlsx、xls或ods再报送", whole_file=True
    ),
    "FILE_OTHER_TABLE": FindingKind(
        severity=C,
        title="是别种格式的表格，这里不能读取",
        whole_file=True,
        fix="请用原来的软件（或WPS、Excel、LibreOffice）打开，核对后另存或导出为xlsx再报送；最好直接在下发的表上填写",
    ),
    "FILE_ARCHIVE": FindingKind(
        severity=C,
        title="是压缩包，不是电子表格",
        fix="请解压，把里面的报表报送；压缩包的后缀名不要改成电子表格的",
        whole_file=True,
    ),
    "FILE_UNOPENED": FindingKind(
        severity=C,
        title="压缩包或邮件打不开",
        fix="请重新压缩、重新发送，或直接报送里面的表",
        whole_file=True,
    ),
    "FILE_HTML": FindingKind(
        severity=C,
        title="是网页，不是电子表格",
        whole_file=True,
        fix="请用WPS或Excel打开，点“另存为”，文件类型选xlsx后再报送；最好直接在下发的表上填写",
    ),
    "FILE_CSV": FindingKind(
        severity=C,
        title="是文本（CSV），不是电子表格",
        whole_file=True,
        fix="请把数填入下发的表，存为xlsx、xls或ods再报送；不要存为CSV或改文件的后缀名",
    ),
    "FILE_TRUNCATED": FindingKind(
        severity=C,
        title="文件不完整，缺少一部分",
        whole_file=True,
        fix="文件没有复制完或没有下载完，请从填表的电脑上重新复制、重新发送",
    ),
    "FILE_DAMAGED": FindingKind(
        severity=C,
        title="文件内容有损坏",
        whole_file=True,
        fix="请在填表的电脑上用WPS或Excel打开原表，核对数据无缺后另存一份再报送；打不开的，请在下发的表上重填",
    ),
    "FILE_BAD_MEMBERS": FindingKind(
        severity=C,
        title="文件内部结构不正常",
        whole_file=True,
        fix="请用WPS或Excel打开，核对后另存一份再报送；不要用压缩软件改动表格文件",
    ),
    "FILE_ENCRYPTED": FindingKind(
        severity=C,
        title="文件有打开密码",
        whole_file=True,
        fix="请用原密码打开，取消打开密码（WPS：文件—文档加密；Excel：文件—信息—保护工作簿），保存后再报送",
    ),
    "FILE_ZIP_ENCRYPTED_MEMBER": FindingKind(
        severity=C, title="压缩包有密码", fix="请不要用压缩软件加密，直接报送填好的表", whole_file=True
    ),
    "FILE_DOCTYPE": FindingKind(
        severity=C, title="文件内部有不允许的声明", fix="请用WPS或Excel打开，核对后另存为xlsx再报送", whole_file=True
    ),
    "FILE_XML_DEEP": FindingKind(
        severity=C, title="文件内部层次过深", fix="请把填好的数复制到重新下发的表中，另存后再报送", whole_file=True
    ),
    "FILE_TEXT_TOO_LONG": FindingKind(
        severity=C,
        title="文件内有过长的文字",
        whole_file=True,
        fix="请删去过长的文字，或把填好的数复制到重新下发的表中，另存后再报送",
    ),
    "FILE_TOO_MANY_CELLS": FindingKind(
        severity=C, title="有内容的格过多", fix="请只保留下发的工作表，删去其他内容后再报送", whole_file=True
    ),
    "FILE_TOO_FAR": FindingKind(
        severity=C,
        title="表的很远处有内容",
        fix="请删去数据区以外很远处的内容（按Ctrl+End可找到），保存后再报送",
        whole_file=True,
    ),
    "FILE_TOO_EARLY": FindingKind(
        severity=C, title="报送期还没有开始", fix="请核对是否填错了期，报送期结束后再报送", whole_file=True
    ),
    "PERIOD_NOT_ENDED": FindingKind(severity=W, title="报送期还没有结束", fix="数据应截至报送期末；期末有变化的请重报"),
    "FILE_UNREADABLE": FindingKind(
        severity=C,
        title="文件没能读出",
        whole_file=True,
        fix="请用WPS或Excel打开原表，核对后另存一份再报送；仍读不出的，请与办公室联系",
    ),
    "FILE_UNRECOGNISED": FindingKind(
        severity=C, title="不是本专项工作下发的表", fix="请把数填入下发的表再报送", whole_file=True
    ),
    "FILE_WRONG_PROGRAM": FindingKind(
        severity=C, title="是别的专项工作的表", fix="请改报本专项工作下发的表", whole_file=True
    ),
    "FILE_WRONG_PERIOD": FindingKind(
        severity=C, title="报送期不在本专项工作之内", fix="请用本专项工作下发的表填报", whole_file=True
    ),
    "FILE_WRONG_VERSION": FindingKind(
        severity=C, title="表样版本不对", fix="请在最新下发或退回的表上填写，原来所填的已带入退回的表", whole_file=True
    ),
    "FILE_WRONG_PREFECTURE": FindingKind(
        severity=C, title="填报单位不在名单中", fix="请用下发给本州（市）的表填报", whole_file=True
    ),
    "FILE_CHANGING": FindingKind(
        severity=C, title="文件还在写入，没有传完", fix="请等文件传完、关闭后再试", whole_file=True
    ),
    "FILE_READER_HUNG": FindingKind(
        severity=C,
        title="文件在限定时间内读不完",
        fix="请把填好的数复制到重新下发的表中，另存后再报送",
        whole_file=True,
    ),
    "FILE_READER_FULL": FindingKind(
        severity=C,
        title="读这个文件占用内存过多",
        fix="请把填好的数复制到重新下发的表中，另存后再报送",
        whole_file=True,
    ),
    "FILE_READER_DIED": FindingKind(
        severity=C,
        title="读取这个文件时程序中断",
        fix="请把填好的数复制到重新下发的表中，另存后再报送",
        whole_file=True,
    ),
    "MACROS_IGNORED": FindingKind(
        severity=W, title="文件带有宏，没有运行，只读取了格中已有的数", fix="请核对各数；以后请另存为不带宏的xlsx再报送"
    ),
    "LINKS_UNUSED": FindingKind(
        severity=N,
        title="文件里留有指向别的文件的链接，各格都没有用到，不影响接收",
        fix="不必处理；要去掉的，请在重新下发的表上填报",
    ),
    "FILE_NOT_STORED": FindingKind(
        severity=C, title="内容存不进数据集", fix="请把填好的数复制到重新下发的表中，另存后再报送", whole_file=True
    ),
    "TEXT_REPLACED": FindingKind(
        severity=N, title="文字里有无法保存的字符，已换成“\ufffd”", fix="如有缺字，请补正后重报"
    ),
    "LINKS_CACHED": FindingKind(
        severity=W, title="文件里有指向别的文件的链接，按文件里存的结果接收", fix="请核对由公式引来的数，改为直接填数"
    ),
    # whose and for when
    "IDENTITY_UNPROVED": FindingKind(
        severity=C, title="表样识别码与校验码不符", fix=ADMIT, whole_file=True, holds=True
    ),
    "IDENTITY_NO_KEY": FindingKind(
        severity=C, title="没有签发密钥，认不出是不是下发的表", fix=KEY, whole_file=True, holds=True
    ),
    "IDENTITY_MISSING": FindingKind(severity=C, title="表上没有表样识别码", fix=ADMIT, whole_file=True, holds=True),
    "IDENTITY_CONTRADICTED": FindingKind(
        severity=C, title="表上所写与表样识别码矛盾", fix=ADMIT, whole_file=True, holds=True
    ),
    "PERIOD_CLOSED": FindingKind(severity=C, title="这一期已经封存", fix=_CLOSED, whole_file=True, holds=True),
    "PERIOD_EARLIER": FindingKind(
        severity=W, title="是以前报送期的表，按补报或更正处理", fix="如要报现在这一期，请改用现在这一期的表"
    ),
    "RETURN_OLDER": FindingKind(
        severity=W, title="收件日期早于已接收的报表，不替换已接收的数", fix="如这份才对，请在备注里写明，另存后重报"
    ),
    # the sheet
    "SHEET_MISSING": FindingKind(severity=C, title="缺少工作表", fix="请在下发的表上补填这张表后重报"),
    "SHEET_TWICE": FindingKind(
        severity=C, title="同一张表出现两次", fix="请只保留一张填好的表，删去另一张", whole_file=True
    ),
    "SHEET_SAME": FindingKind(
        severity=N, title="同一张表出现两次，内容相同（或一张空白），采用其一", fix="请只保留一张", aside=True
    ),
    "SHEET_NOTE": FindingKind(
        severity=N,
        title="封面、自查或问题清单旁写的说明，未采用",
        fix="供工作人员阅看；要报送的数请填入各行动表",
        aside=True,
    ),
    "SHEET_AMBIGUOUS": FindingKind(
        severity=C,
        title="表头对不上，无法认定各列",
        fix="请在重新下发的表上填写，不要改动表头和代码行",
        whole_file=True,
    ),
    "SHEET_HIDDEN": FindingKind(
        severity=C,
        title="工作表是隐藏的，表里填了数，未采用",
        whole_file=True,
        fix="请在工作表标签上点右键，取消隐藏，核对后重报；退回的表已取消隐藏",
    ),
    "SHEET_OVERLAID": FindingKind(
        severity=N,
        title="图片、文本框和批注中的内容未采用",
        fix="要报送的数请填入格中；要说明的情况请写在“备注”列",
        aside=True,
    ),
    "COLUMN_HIDDEN": FindingKind(
        severity=C,
        title="整列是隐藏的，列里填了数，未采用",
        whole_file=True,
        fix="请选中左右两列，点右键取消隐藏，核对后重报；退回的表已取消隐藏",
    ),
    "SHEET_EXTRA": FindingKind(
        severity=N, title="多出的工作表未采用", fix="如有需要报送的内容，请填入下发的表中", aside=True
    ),
    "COLUMN_TITLE_CHANGED": FindingKind(severity=N, title="列标题被改动，按代码认定", fix="请恢复下发时的列标题"),
    "COLUMN_CODE_CHANGED": FindingKind(severity=N, title="列代码被改动，按列标题认定", fix="请恢复下发时的列代码"),
    "COLUMN_MISSING": FindingKind(
        severity=C, title="缺少一列", fix="请在重新下发的表上填写，不要删除列", whole_file=True
    ),
    "STRAY_CELL": FindingKind(
        severity=W,
        title="表外多填的内容未采用",
        fix="如是要报送的数，请填入对应的格；如是说明，请写在“备注”列",
        aside=True,
    ),
    # the row
    "ROW_CODE_CHANGED": FindingKind(severity=N, title="县代码与县名不一致，按县名认定", fix="请恢复下发时的县代码"),
    "ROW_NAME_CHANGED": FindingKind(severity=N, title="县名写法与下发时不同，按代码认定", fix="请恢复下发时的县名"),
    "ROW_UNRECOGNISED": FindingKind(
        severity=W, title="这一行不知是哪个县，未采用", fix="请写明县名和代码；合计行请删去", aside=True
    ),
    "ROW_NAMELESS": FindingKind(
        severity=C,
        title="这一行有数而没有县名和代码",
        fix="可能是整块数贴错了行：请核对各县的数，删去这一行",
        whole_file=True,
    ),
    "ROW_OTHER_PREFECTURE": FindingKind(
        severity=W, title="这一行是别的州（市）的县，未采用", fix="请删去这一行，由所属州（市）报送", aside=True
    ),
    "ROW_TWICE": FindingKind(severity=C, title="同一个县出现两行", fix="请只保留一行"),
    "ROW_CONFLICT": FindingKind(
        severity=C, title="同一天收到的两份报表，这个县的数不一样", fix="请确认以哪份为准，在备注里写明，另存后重报"
    ),
    "ROW_BLANK": FindingKind(severity=C, title="这一行整行未填", fix="请填报；本期确无新进展的，请在县名旁的格里选“√”"),
    "ROW_UNCONFIRMED": FindingKind(
        severity=C,
        title="这一行还是下发时的数，没有改动，也没有选“√”",
        fix="有变化的改动那一格；核对过、没有变化的，请在“已核对（无变化）”格选“√”",
    ),
    "RETURN_UNCHANGED": FindingKind(
        severity=W,
        title="表中各行都是下发时的数，没有改动，也没有选“√”，不算报送",
        fix="请逐行核对：有变化的改动那一格，没有变化的在“已核对（无变化）”格选“√”，再报来",
    ),
    "CONFIRMED_AND_CHANGED": FindingKind(
        severity=N, title="选了“已核对（无变化）”，又有改动，按改动后的数接收", fix="有改动的，不必再选“√”"
    ),
    "CORRECTED_SINCE": FindingKind(
        severity=N, title="这一格没有改，表下发以后上次的数已更正，按更正后的数接收", fix="如更正后的数不对，请改这一格"
    ),
    "INCREMENT_DIFFERS": FindingKind(
        severity=C,
        title="本期新增与累计对不上",
        fix="累计没有错的，清空“本期新增”格；本期新增没有错的，把累计改为建议的数",
    ),
    "INCREMENT_BASE_MOVED": FindingKind(
        severity=W,
        title="填了本期新增，表上的上次累计不是现在已接收的数，按表上的累计接收",
        fix="请核对累计：应为现在已接收的数加本期新增的，直接改累计格；没有错的，可不改动",
    ),
    "ROW_HIDDEN": FindingKind(
        severity=C, title="这一行是隐藏的，填了数，未采用", fix="请取消隐藏，核对所填后重报；不该有的行请删去"
    ),
    "ROW_FILTERED": FindingKind(severity=W, title="这一行被筛选隐藏，仍按所填接收", fix="请清除筛选，核对这一行"),
    "NIL_UNCLEAR": FindingKind(severity=C, title="选“√”的格填写不清", fix="确无新进展请选“√”，否则留空"),
    "NIL_WITHOUT_BASE": FindingKind(
        severity=C,
        title="选了“√”（没有新进展），但以前各期都没有接收过数",
        fix="请先补报以前的报送期，或去掉“√”填报本期累计数",
    ),
    "NIL_CONFLICT": FindingKind(
        severity=C, title="选了“√”（没有新进展），又填了不同的数", fix="如有进展，请去掉“√”；如无进展，请删去所填的数"
    ),
    EXPLAINED: FindingKind(
        severity=N, title="与一般情况不符，按填报人的说明接收", fix="供工作人员阅看；不采信的用 settle 退回"
    ),
    AMENDED: FindingKind(
        severity=N, title="省级已核改", fix="请以核改的数更新自己的底数；不符实情的，请与领导小组办公室联系"
    ),
    REFUSED: FindingKind(
        severity=C, title="所写的原因没有采信", fix="请改正所填的数；确属实的，与办公室联系后写明依据"
    ),
    CHANGED: FindingKind(severity=N, title="改动了本期已接收的数，写有原因", fix="供工作人员阅看"),
    UNEXPLAINED: FindingKind(
        severity=W,
        title="改动了本期已接收的数，没有写明为什么",
        explainable=True,
        fix="请在同一行“备注”格写明改动的原因；不影响接收，改错了的请改回",
    ),
    "REMARK": FindingKind(severity=N, title="填报人的备注", fix="供工作人员阅看，不影响接收"),
    # the cell: what was typed could not be taken
    "CELL_ERROR_VALUE": FindingKind(severity=C, title="格中是公式错误值", fix="请删去公式，直接填数"),
    "CELL_FORMULA_TEXT": FindingKind(severity=C, title="格中是公式文字", fix="请直接填数"),
    "CELL_STRUCK": FindingKind(
        severity=C, title="格中有画了删除线的内容", fix="请删去作废的内容，只留要报送的，并取消删除线"
    ),
    "CELL_SUPERSCRIPT": FindingKind(severity=C, title="格中有上标或下标", fix="请删去上标、下标，只填要报送的内容"),
    "CELL_UNSEEN": FindingKind(
        severity=C, title="格中有内容但看不见", fix="请把字的颜色改为黑色、格式改为“常规”，核对后填写"
    ),
    "CELL_TWICE": FindingKind(severity=C, title="文件里同一格有两个内容", fix="请在这一格重新填写，保存后再报送"),
    "CELL_PICTURE": FindingKind(
        severity=C, title="格中是一张图片", fix="图片不能读取：请删去图片，在格中填写要求的内容；图片另行报送"
    ),
    "CELL_CONTRADICTS": FindingKind(severity=C, title="公式与显示的结果不一致", fix="请删去公式，直接填数"),
    "CELL_LINKED": FindingKind(
        severity=W, title="数是从别的文件引来的，按文件里存的结果接收", fix="请核对这个数，改为直接填数"
    ),
    "CELL_MAYBE_UNSEEN": FindingKind(
        severity=W, title="格中的内容可能看不见，仍按所填接收", fix="请清除条件格式、设为显示零值，核对这一格"
    ),
    "CELL_SPECIAL_DIGIT": FindingKind(severity=C, title="用了带圈或特殊数字", fix="请用普通数字填写，如 1"),
    "CELL_BACKWARDS": FindingKind(
        severity=C, title="有看不见的字符，使文字从右往左显示", fix="请清空这一格，用键盘重新填写，不要从别处粘贴"
    ),
    "CELL_PLACEHOLDER": FindingKind(
        severity=C,
        title="只写了代替的话（“同上”“见附件”“暂无”“/”等），没有填内容",
        fix="请把内容填到这一格；没有发生的数填0",
    ),
    "CELL_APPROXIMATE": FindingKind(severity=C, title="填了约数", fix="请填准确的数"),
    "CELL_RANGE": FindingKind(severity=C, title="填了范围或分数", fix="请填一个准确的数"),
    "CELL_PERCENT": FindingKind(severity=C, title="填了百分比", fix="请分别填分子和分母，比率由系统计算"),
    "CELL_NEGATIVE": FindingKind(severity=C, title="填了负数", fix="数量不能为负，请核对后填写"),
    "CELL_FRACTION": FindingKind(severity=C, title="填了小数", fix="这里应填整数，请核对后填写"),
    "CELL_WRONG_UNIT": FindingKind(severity=C, title="单位不符", fix="请按要求的单位换算，只填数字"),
    "CELL_DATE_IN_COUNT": FindingKind(
        severity=C, title="数被软件变成了日期或时间", fix="请把单元格格式改为“常规”，重新填数"
    ),
    "CELL_NOT_A_NUMBER": FindingKind(severity=C, title="不是数", fix="请只填数字"),
    "CELL_TOO_FINE": FindingKind(severity=C, title="小数超过两位", fix="请四舍五入到两位小数后填写"),
    "CELL_UNKNOWN_COUNTY": FindingKind(
        severity=C, title="不是本州（市）的县名", fix="请从下拉列表中选县名；涉及几个县的，一县一行"
    ),
    "CELL_UNKNOWN_WORD": FindingKind(severity=C, title="不是可选的内容", fix="请从下拉列表中选"),
    "CELL_NOT_APPLICABLE": FindingKind(severity=C, title="此项不能填“不适用”", fix="此项各县都应填报"),
    "CELL_BAD_CHECKLIST": FindingKind(
        severity=C, title="有不在选项中的内容", fix="请只写给出的选项，用顿号“、”隔开；一项也没有填“无”"
    ),
    "CELL_BAD_DATE": FindingKind(severity=C, title="日期不对", fix="请写完整的日期，如 2023-02-15"),
    "CELL_READ_AS": FindingKind(
        severity=N, title="未照原样采用，按下列意思接收", fix="意思不对的，请改为数字或下拉选项后重报"
    ),
    # one cause behind many cells
    "UNIT_MISTAKEN": FindingKind(
        severity=C, title="像是用了别的单位", one_cause=True, fix="请核对单位：确是的请改为建议的数，不是的请核对所填"
    ),
    "INCREMENT_TYPED": FindingKind(
        severity=C,
        title="像是填了本期新增数，这里应填累计数",
        one_cause=True,
        explainable=True,
        fix="同一行或同一列的累计数多数小于上次已接收的数：填的是新增数的，请改为建议的累计数；报的是以前的表的，请换用本期的表",
    ),
    "BLOCK_SHIFTED": FindingKind(
        severity=C,
        title="整块的数像是错了行或错了列",
        fix="请对照县名和列标题核对：确是错开的，请把各数移回本行本列；不是的，请逐格核对",
    ),
    "ROW_COPIED": FindingKind(
        severity=W, title="与另一个县的数完全相同", fix="如是复制后没有改，请填本县的数；如确实相同，可不改动"
    ),
    "RETURN_REPEATS": FindingKind(
        severity=W,
        title="各数与上次已接收的完全相同",
        fix="如误报了上期的表，请换用本期的表；本期确无新进展的，请在县名旁的格里选“√”",
    ),
    # the entries of a list
    "LIST_TOO_LONG": FindingKind(severity=C, title="这张表的条数过多", fix="最多500条，请合并同类事项后再报"),
    "ENTRY_NUMBER_UNKNOWN": FindingKind(
        severity=C, title="编号不是本单位已有的编号", fix="新增的一条请把“编号”留空；原有的一条请恢复下发时的编号"
    ),
    "ENTRY_NUMBER_TWICE": FindingKind(
        severity=C, title="同一个编号出现两次", fix="一个编号只留一行；新增的一条请把“编号”留空"
    ),
    "ENTRY_VANISHED": FindingKind(
        severity=C, title="上期没有办结的一条不见了", fix="请按下发时的编号和内容补回这一行，已办结的写明状态和日期"
    ),
    "ENTRY_MISMATCH": FindingKind(
        severity=C, title="编号与内容对不上", fix="请恢复下发时这个编号的内容；是另一件事的，另起一行，“编号”留空"
    ),
    "ENTRY_DROPPED": FindingKind(
        severity=W, title="重报的清单里少了本期已接收的条目", fix="清单整张替换：确要撤销的不必改；漏了的请补回后重报"
    ),
    "ENTRY_TWICE": FindingKind(severity=W, title="两行内容相同", fix="如是同一件事，请只留一行"),
    # the rules of expectations/
    "REQUIRED": FindingKind(severity=C, title="漏填", fix="请补填"),
    "OUT_OF_RANGE": FindingKind(severity=C, title="超出允许范围", fix="请核对后填写"),
    "NOT_AN_OPTION": FindingKind(severity=C, title="不是可选的内容", fix="请从下拉列表中选"),
    "PART_EXCEEDS_WHOLE": FindingKind(severity=C, title="部分大于总数", fix="请核对这一格和总数：部分不能大于总数"),
    "CUMULATIVE_FELL": FindingKind(
        severity=C, title="累计数小于上次已接收的数", fix="这里填专项工作以来的累计数；如上次多报，请先重报那一期"
    ),
    "INCONSISTENT": FindingKind(severity=C, title="前后矛盾", fix="请核对两处所填"),
    "DATE_OUT_OF_RANGE": FindingKind(severity=C, title="日期不在应有的范围", fix="请核对日期"),
    "ABOVE_LATER": FindingKind(
        severity=W, title="累计数大于后一期已接收的数", fix="如这一期的数是对的，请把后面各期也改正重报"
    ),
    OUTLIER: FindingKind(
        severity=W,
        title="与通常的数相差悬殊",
        explainable=True,
        fix="请核对所填：是否多写了位数、看错了行或列；不影响接收",
    ),
    "TEXT_LENGTH": FindingKind(severity=C, title="字数不符合要求", fix="请按要求的字数增删后填写"),
    "SHOWN_DIFFERS": FindingKind(
        severity=N, title="自动带出的格里另有数", fix="已按行动表所填的数处理，这一格不用改；这一格有公式，请不要填数"
    ),
    "LOOK_AGAIN": FindingKind(severity=W, title="请再核对", fix="如确实如此，可不改动"),
}
