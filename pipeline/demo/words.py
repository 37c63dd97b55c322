"""Invented texts: problems, highlights and what a survey says. No figure stands in them, and nobody is named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

    from pipeline.program.model import Field

STEMS = "甲乙丙丁戊己庚辛壬癸"
_FILE_NAME = "文件名"
_SHORTEST_SURVEY = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A problem as a county might put it.

    Attributes:
        category: Position among the categories: parties and government, unions together, the county alone.
        department: Of the province, where the province is asked.
    """

    text: str
    measure: str
    category: int
    department: str


def _trouble(category: int, department: str, text: str, measure: str) -> Trouble:
    return Trouble(text=text, measure=measure, category=category, department=department)


TROUBLES = (
    _trouble(
        0,
        "组织部",
        "部分乡镇（街道）工会主席由其他干部兼任且调整频繁，工会工作衔接不上",
        "提请县委组织部门明确乡镇（街道）工会主席配备要求，换届时同步考虑工会主席人选",
    ),
    _trouble(
        0,
        "财务和资产监督管理部",
        "县级工人文化宫用地尚未落实，职工缺少固定的学习和活动场所",
        "会同自然资源、住建部门摸排闲置公房，把文化宫建设列入政府与工会联席会议议题",
    ),
    _trouble(
        0,
        "财务和资产监督管理部",
        "机关事业单位工会经费由财政统一划拨的办法尚未完全执行，经费到位不及时",
        "向县政府专题报告，与财政部门商定按季度划拨工会经费",
    ),
    _trouble(
        0,
        "法律和维权工作部",
        "劳动争议调解力量分散，法院、人社、司法与工会之间信息不通",
        "提请召开协调劳动关系三方会议，建立案件信息通报和联合调解制度",
    ),
    _trouble(
        0,
        "组织部",
        "新业态平台企业总部不在本地，属地站点对建会入会缺少决定权",
        "提请行业主管部门共同约谈，先行组建快递、外卖行业工会联合会，吸收个人入会",
    ),
    _trouble(
        1,
        "省职工技术协作委员会办公室",
        "县域缺少高技能人才带头人，职工创新工作室创建起点低",
        "请上级工会选派劳模工匠结对指导，共享省、州（市）创新工作室资源",
    ),
    _trouble(
        1,
        "劳动和经济工作部",
        "县级劳动和技能竞赛以比赛为主，与产业需要结合不紧，企业参与积极性不高",
        "围绕本地重点产业设计竞赛项目，请上级工会在裁判和培训上给予支持",
    ),
    _trouble(
        1,
        "职工帮扶服务中心",
        "困难职工动态管理依靠人工比对，档案更新滞后，容易漏帮",
        "请上级工会协调开放数据比对接口，建立按月核查制度",
    ),
    _trouble(
        1,
        "办公室",
        "基层工会和会员实名制信息采集口径不一，重复录入多，基层负担重",
        "请上级工会统一采集模板，由县级工会集中录入和校核",
    ),
    _trouble(
        1,
        "宣教网络部",
        "宣讲师资不足，送文化活动内容单一，一线职工和新就业形态劳动者覆盖面不够",
        "建立州（市）县两级宣讲员名册，结合企业班前会和站点交接班开展微宣讲",
    ),
    _trouble(
        1,
        "职工医疗互助中心",
        "小微企业职工对医疗互助政策不了解，参加率偏低",
        "与上级医疗互助机构联合进园区、进企业开展政策宣讲，设立代办点",
    ),
    _trouble(
        1,
        "女职工部",
        "用人单位爱心托管和女职工休息哺乳室建设进度慢，托管师资难以保障",
        "请上级工会指导制定建设标准，先在园区和医院开展试点",
    ),
    _trouble(
        2,
        "研究室",
        "县级工会干部对新就业形态劳动者建会入会流程不熟悉，工作方法少",
        "编印一册工作流程，组织乡镇（街道）工会干部跟班学习",
    ),
    _trouble(
        2,
        "办公室",
        "职工驿站建成后日常管护责任不清，设施更新不及时，使用率不高",
        "与驿站所在单位签订管护协议，明确开放时间和管护人员，每季度检查一次",
    ),
    _trouble(
        2,
        "机关党委",
        "县总工会机关制度不健全，重要事项请示报告不够规范",
        "修订议事规则和请示报告清单，每半年检查执行情况",
    ),
    _trouble(
        2,
        "法律和维权工作部",
        "非公企业集体协商多为文本签订，协商过程和职工参与不充分",
        "选派协商指导员上门指导，选树一批质效较好的企业作示范",
    ),
    _trouble(
        2,
        "职工帮扶服务中心",
        "普惠服务项目集中在县城，乡镇和园区职工享受不便",
        "把普惠活动办到乡镇和园区，与商户签订服务协议并公布服务地图",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """What a highlight is about."""

    title: str
    what: str


THEMES = (
    Theme(title="“班前十分钟”把宣讲送到车间", what="班前微宣讲"),
    Theme(title="“司机之家”暖心驿站全天候服务", what="货车司机暖心驿站"),
    Theme(title="“工会＋法院＋人社”一站式化解劳动争议", what="劳动争议多元化解"),
    Theme(title="“茶乡工匠”劳动竞赛带强产业队伍", what="产业工人技能竞赛"),
    Theme(title="“小哥入会”集中行动进站点", what="新就业形态劳动者集中入会"),
    Theme(title="“六惠”服务地图方便职工", what="职工普惠服务"),
    Theme(title="“联席会议”推动解决职工关心事", what="政府与工会联席会议"),
    Theme(title="“流动书屋”走进重点工程工地", what="职工文化进工地"),
    Theme(title="“一乡镇一阵地”建强基层工会", what="乡镇（街道）工会规范化建设"),
    Theme(title="“师带徒”创新工作室结对帮带", what="职工创新工作室结对"),
)
_OPENING = (
    "{place}总工会围绕“县级工会加强年”部署，把{what}作为年度重点工作，由主要负责同志牵头，成立工作专班，制定工作清单和责任清单。",
    "{place}总工会立足本地产业和职工队伍实际，聚焦职工反映集中的需求，探索开展{what}，形成了可看可学的做法。",
)
_DOING = (
    "一是摸清底数，逐个走访企业、园区和站点，建立职工需求台账，按轻重缓急分类办理，办结情况及时向职工反馈。",
    "一是争取支持，向党委专题汇报，提请政府召开联席会议研究，把所需场地、经费和人员纳入统筹安排，做到有人办事、有钱办事。",
    "一是上下联动，与对口联系单位共同研究工作措施，定期会商进展，遇到难题现场协调，推动资源向基层一线倾斜。",
)
_MORE = (
    "二是健全机制，制定流程图和服务标准，明确牵头单位、配合单位和完成时限，每月调度、每季通报，防止工作一阵风。",
    "二是建强队伍，从机关、企业和社会工作者中选聘骨干，开展集中培训和实务演练，让基层干部会讲、会做、会总结。",
    "二是用好阵地，整合工人文化宫、职工服务中心和职工驿站，延长开放时间，增加服务项目，让职工愿意来、留得住。",
)
AFTER = (
    "三是扩大参与，采取线上报名和现场服务相结合的方式，重点覆盖新就业形态劳动者、农民工和困难职工等群体。",
    "三是注重宣传，用职工身边的人和事讲好工会故事，通过工会新媒体和企业宣传栏推送，扩大活动的知晓面。",
)
_CLOSING = (
    "目前，这项工作已在当地铺开，职工参与度和满意度明显提高，企业由观望转为主动申请，相关做法已写入本级工会制度长期坚持。",
    "下一步，{place}总工会将及时总结经验，完善配套制度，向条件相近的县推广，使好做法成为常态长效的工作机制。",
)
SURVEY = (
    "已列入年度工作要点，由分管负责同志牵头，定期研究推进。",
    "总体情况较好，但力量和经费仍显不足，基层之间不平衡。",
    "已建立工作台账，重点任务按季度督促检查。",
    "正与对口联系单位共同研究，拟在年内形成制度。",
    "希望上级工会在培训、经费和阵地建设上给予更多支持。",
    "结合本地产业特点开展，职工参与面逐步扩大。",
)


def highlight(dice: Random, theme: Theme, place: str) -> str:
    """More than 200 characters about a theme."""
    parts = (dice.choice(pool) for pool in (_OPENING, _DOING, _MORE, AFTER, _CLOSING))
    return "".join(parts).replace("{place}", place).replace("{what}", theme.what)


def prose(dice: Random, field: Field, who: str) -> str:
    """What stands in a column of words: a file's name where one is asked, else a sentence or two of the length asked."""
    if field.title.endswith(_FILE_NAME):
        return as_long_as_asked(f"{who}总工会{field.title.removesuffix(_FILE_NAME)}.pdf", field)
    return as_long_as_asked("".join(dice.sample(SURVEY, _SHORTEST_SURVEY)), field)


def as_long_as_asked(text: str, field: Field) -> str:
    """Not longer and not shorter than the column allows."""
    while len(text) < (field.min or 0):
        text += SURVEY[len(text) % len(SURVEY)]
    return text[: field.max] if field.max else text
