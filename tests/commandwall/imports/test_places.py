"""An event is placed where its coordinates, its code or its words say, as near as they can."""

from __future__ import annotations

import numpy as np
import pytest

from commandwall import geo
from commandwall.areas import Area
from commandwall.gazetteer import NO_SPOT, Gazetteer, spoken
from commandwall.pool.imports.places import gazetteer, spot_at
from commandwall.pool.imports.trouble import ImportTrouble, RowFault


@pytest.fixture
def places(desk):
    return Gazetteer(desk.pool.all(Area), {"A市": "320281", "A市/A1区": "320281001"})


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        (["华士镇路灯不亮"], "320281002"),
        (["江阴市华士镇路灯不亮"], "320281002"),
        (["文定社区楼道堆物"], "320281001001"),
        (["反映文定社区居委会办事慢"], "320281001001"),
        (["路灯不亮", "", "家住澄江街道文定社区"], "320281001001"),
        (["江阴市路灯不亮", "", "在华士镇政府旁"], "320281002"),
        (["华士镇路灯不亮", "", "我是澄江街道人"], "320281002"),
        (["从澄江街道到华士镇的公交"], "320281"),
        (["A市路灯不亮"], "320281"),
        (["A市/A1区路灯不亮"], "320281001"),
        (["北京市路灯不亮"], ""),
        ([""], ""),
    ],
)
def test_words_name_the_smallest_area_they_are_sure_of(places, texts, code):
    assert places.by_text(texts) == code


def test_of_two_villages_with_one_name_the_one_in_the_town_that_is_named_too(places):
    assert places.by_text(["华士镇新桥村停水"]) == "320281002001"
    assert places.by_text(["新桥村停水", "", "澄江街道"]) == "320281001002"
    assert places.by_text(["华士镇新桥村停水", "", "我是澄江街道人"]) == "320281002001"
    assert places.by_text(["新桥村停水"]) == "320281"


def test_a_code_stands_for_itself_or_for_the_nearest_known_above(places):
    assert places.by_code("320281001001") == "320281001001"
    assert places.by_code("320281001777") == "320281001"
    assert places.by_code("99") == ""


def test_the_accuracy_of_an_area_is_its_size(places):
    spot = places.on("320281001")
    assert spot.placed == "area"
    assert spot.acc_m == pytest.approx(14_600, rel=0.05)
    assert places.on("nowhere") == NO_SPOT


def test_a_point_lies_in_the_smallest_area_around_it(places):
    spot = places.at(120.1, 31.9, 5.0)
    assert (spot.area, spot.placed, spot.acc_m) == ("320281001001", "point", 5.0)
    assert places.at(120.01, 31.81, None).area == "320281001"
    assert places.at(120.0, 31.79, None).area == ""


@pytest.mark.parametrize(
    ("lon", "lat", "reason"),
    [(31.9, 120.1, "swapped"), (116.4, 39.9, "outside"), (999, 1, "outside"), (1, -91, "outside")],
)
def test_a_point_far_from_the_city_is_refused(places, lon, lat, reason):
    with pytest.raises(RowFault) as caught:
        spot_at(places, lon, lat, None)
    assert caught.value.reason == reason


def test_a_place_name_for_an_area_that_is_not_there_is_refused(desk):
    with pytest.raises(ImportTrouble, match="A9"):
        gazetteer(desk.pool.all(Area), {"A9市": "A9"})


def test_a_pool_without_areas_places_nothing_and_takes_every_point():
    places = Gazetteer([], {})
    assert places.by_text(["华士镇"]) == ""
    assert places.at(10.0, 50.0, None).area == ""


def test_people_leave_the_office_out_of_a_name():
    assert spoken("常泽桥村委会") == ["常泽桥村委会", "常泽桥村"]
    assert spoken("谢园村村委会") == ["谢园村村委会", "谢园村"]
    assert spoken("华士镇") == ["华士镇"]


def test_the_label_stands_inside(places):
    for area in places.areas.values():
        assert geo.AreaIndex([area.id], [area.geom]).code(area.lon, area.lat) == area.id
        assert np.isfinite([area.lon, area.lat]).all()
