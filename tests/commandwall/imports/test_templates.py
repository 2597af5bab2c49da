"""The mappings of five platforms and four channels, each with a small table as those export it."""

from __future__ import annotations

import csv

import pytest
from openpyxl import Workbook
from shell import Shell

from commandwall.config import ASSETS

OUTLINE = (
    '{"type": "Polygon", "coordinates": '
    "[[[120.0, 31.8], [120.4, 31.8], [120.4, 32.0], [120.0, 32.0], [120.0, 31.8]]]}"
)
TOWN = "320281001"
SAMPLES = {
    "safety-cloud": (
        [
            "企业编码", "企业名称", "监管类别", "所属镇街", "经度",
            "纬度", "从业人数", "联系人", "手机",
        ],
        ["0001", "甲化工", "重大危险源", "澄江街道", 120.1, 31.9, 80, "张三", "138"],
        ["0002", "乙五金", "", "澄江街道", "", "", "", "", ""],
        "SELECT id, kind, area, capacity, contact FROM cw_place ORDER BY id",
        [("aqy-0001", "hazard", TOWN, 80, "张三"), ("aqy-0002", "firm", TOWN, 0, "")],
    ),
    "economy-cloud": (
        ["指标编码", "统计月份", "本期值", "分子", "分母"],
        ["GDP", "2026年02月", 123.5, "", ""],
        ["JOB", "2026-02", "", 1, 4],
        "SELECT id, value, num, den, today FROM cw_indicatorvalue ORDER BY id",
        [("jjy-GDP", 123.5, None, None, "[]"), ("jjy-JOB", None, 1.0, 4.0, "[]")],
    ),
    "joint-duty": (
        ["力量编号", "名称", "力量类型", "所属单位", "人数", "勤务状态", "所属镇街", "呼号"],
        ["1", "一中队", "巡特警", "公安局", 6, "巡逻中", "澄江街道", "甲1"],
        ["2", "二中队", "综合执法", "城管局", "", "", "澄江街道", ""],
        "SELECT id, no, kind, crew, status, area FROM cw_resource ORDER BY id",
        [("lq-1", 1, "police", 6, "patrol", TOWN), ("lq-2", 2, "city", 1, "idle", TOWN)],
    ),
    "governance": (
        ["人员编号", "姓名", "人员类型", "网格编码", "手机号码", "工作单位"],
        ["W1", "张三", "专职网格员", "320281001", "138", "澄江街道"],
        ["W2", "李四", "村书记", "澄江街道", "139", ""],
        "SELECT id, role, area, phone, unit FROM cw_person ORDER BY id",
        [("W1", "grid_worker", TOWN, "138", "澄江街道"), ("W2", "village_head", TOWN, "139", "")],
    ),
    "state-assets": (
        ["资产编号", "资产名称", "资产类别", "经度", "纬度", "管理单位", "使用状态"],
        ["A1", "老市场", "农贸市场", 120.1, 31.9, "城投", "出租"],
        ["A2", "三号仓", "仓库", 120.1, 31.9, "", ""],
        "SELECT id, kind, area, contact, detail FROM cw_place ORDER BY id",
        [("gz-A1", "market", TOWN, "城投", "出租"), ("gz-A2", "store", TOWN, "", "")],
    ),
    "channel-12345": (
        [
            "工单编号", "工单标题", "诉求内容", "诉求类别", "紧急程度",
            "经度", "纬度", "来电时间", "工单状态",
        ],
        ["G1", "停水", "三栋停水", "供水", "紧急", 120.1, 31.9, "2026-03-01 08:00:00", "办理中"],
        ["G2", "咨询医保", "异地就医", "政策咨询", "一般", "", "", "20260301090000", "已并单"],
        "SELECT id, cls, urgency, state, placed FROM cw_event ORDER BY id",
        [
            ("12345-G1", "water", 2, "DISPATCHED", "point"),
            ("12345-G2", "consult", 4, "MERGED", "nowhere"),
        ],
    ),
    "channel-grid": (
        [
            "事件编号", "事件描述", "事件类型", "网格编码", "上报人",
            "上报时间", "事件状态", "处置部门",
        ],
        ["E1", "井盖破损", "市政设施", "320281001", "王五", "2026-03-01 08:00:00", "待受理", ""],
        ["E2", "占道", "占道经营", "320281001", "王五", "2026/03/01 09:00", "已办结", "城管局"],
        "SELECT id, cls, area, state, unit FROM cw_event ORDER BY id",
        [
            ("grid-E1", "facility", TOWN, "NEW", ""),
            ("grid-E2", "vendor", TOWN, "CLOSED", "城管局"),
        ],
    ),
    "channel-whistle": (
        ["哨单编号", "吹哨事项", "事项类别", "吹哨镇街", "吹哨时间", "哨单状态", "报到部门"],
        ["S1", "违建拆除", "违章建筑", "澄江街道", "2026-03-01 08:00:00", "已报到", "资规局"],
        ["S2", "油烟扰民", "", "澄江街道", "2026-03-01 09:00:00", "待应哨", ""],
        "SELECT id, cls, area, state, unit FROM cw_event ORDER BY id",
        [
            ("whistle-S1", "illegal", TOWN, "ON_SCENE", "资规局"),
            ("whistle-S2", "other", TOWN, "NEW", ""),
        ],
    ),
    "channel-wage": (
        ["线索编号", "欠薪单位", "反映内容", "所属镇街", "投诉人", "登记时间", "办理状态"],
        ["X1", "某建筑公司", "拖欠三月工资", "澄江街道", "赵六", "2026-03-01", "处理中"],
        ["X2", "某物业", "拖欠加班费", "", "钱七", "2026/03/02", "已办结"],
        "SELECT id, cls, area, state, person FROM cw_event ORDER BY id",
        [
            ("wage-X1", "wages", TOWN, "DISPATCHED", "赵六"),
            ("wage-X2", "wages", "", "CLOSED", "钱七"),
        ],
    ),
}  # fmt: skip


def test_every_platform_and_channel_has_a_sample():
    others = {"buildings", "messages"}
    assert {p.stem for p in (ASSETS / "mappings").glob("*.toml")} - others == SAMPLES.keys()


@pytest.fixture(scope="module")
def towns(server, tmp_path_factory):
    """A city with one town, made anew for each sample."""

    def make(name):
        shell = Shell(server, tmp_path_factory.mktemp(name))
        city = shell.file("320281.geojson", OUTLINE)
        shell.run("areas", city, "--level", "city", "--name", "江阴市", "--datum", "wgs84")
        town = shell.file("t.csv", f"code,name\n{TOWN},澄江街道\n")
        shell.run("areas", town, "--level", "town")
        return shell

    return make


@pytest.mark.parametrize("name", SAMPLES)
def test_an_export_comes_in_as_csv_and_as_a_spreadsheet(towns, name):
    *rows, sql, held = SAMPLES[name]
    shell = towns(name)
    mapping = ASSETS / "mappings" / f"{name}.toml"
    with (shell.folder / "e.csv").open("w", encoding="gb18030", newline="") as file:
        csv.writer(file).writerows(rows)
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(shell.folder / "e.xlsx")
    for file in ("e.csv", "e.xlsx"):
        assert shell.run("table", shell.folder / file, "--mapping", mapping) == 0
        assert shell.ask(sql) == held
    (changes,) = shell.ask("SELECT count(*) FROM cw_outbox WHERE kind NOT IN ('area')")[0]
    assert changes == 2


def test_a_template_without_its_key_in_the_export_says_which_headers_it_looks_for(towns, capsys):
    shell = towns("keyless")
    file = shell.file("e.csv", "企业全称,经度\n甲,120\n")
    mapping = ASSETS / "mappings" / "safety-cloud.toml"
    assert shell.run("table", file, "--mapping", mapping) == 2
    assert "企业编码" in capsys.readouterr().err
