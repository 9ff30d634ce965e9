"""The invented patients of the demonstration: what each has, and what is taught on it."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from bsti_db.demonstration.phantoms import Disease
from library.services import Prose

FIRST_DAY = date(2020, 3, 30)


@dataclass(frozen=True)
class DemoArrow:
    """An arrow on a teaching point's slice; its ends in shares of the image's width and height."""

    head: tuple[float, float]
    tail: tuple[float, float]
    text: str


@dataclass(frozen=True)
class DemoPoint:
    """A teaching point: its text, and where in the first or another study it belongs (0 to 1)."""

    text: str
    depth: float = 0.5
    window: str = "lung"
    study: int = 0
    arrow: DemoArrow | None = None

    def place_in(self, slices: int) -> int:
        """Its slice, from 0: they are stored from the feet up, and depth counts from the head."""
        return round((1 - self.depth) * (slices - 1))


@dataclass(frozen=True)
class DemoStudy:
    disease: Disease
    day: int  # from symptom onset
    kind: Literal["CT", "PA", "AP"] = "CT"


@dataclass(frozen=True)
class DemoPatient:
    """One patient, sent as one upload."""

    seed: int
    ods_code: str
    studies: list[DemoStudy]
    ends: Literal["published", "discordant", "unread", "held"] = "published"
    category: str = ""
    severity: int = 1
    teaching_value: int = 4
    title: str = ""
    summary: str = ""
    points: list[DemoPoint] = field(default_factory=list)
    findings: tuple[str, ...] = ()  # as the readers code them, all peripheral
    prose: Prose = field(default_factory=Prose)
    rt_pcr: str = "positive"
    oxygen_support: str = "room_air"
    symptoms: tuple[str, ...] = ("cough", "fever")

    def study_date(self, study: DemoStudy) -> date:
        return FIRST_DAY + timedelta(days=self.seed % 11 + study.day)


_CHEST_XRAY = "own"

PATIENTS = [
    DemoPatient(
        seed=11,
        ods_code="R0A",
        studies=[DemoStudy(Disease(ground_glass=0.55), day=6)],
        category="classic",
        findings=("Ground-glass opacity",),
        title="Peripheral ground-glass opacities in the first week",
        summary="Several patches of ground-glass opacity in both lungs, most of them under the "
        "pleura of the lower lobes.",
        points=[
            DemoPoint(
                "**Ground-glass opacity** under the pleura: vessels can still be followed "
                "through it.",
                0.62,
                arrow=DemoArrow((0.16, 0.62), (0.06, 0.9), "Ground-glass opacity"),
            ),
            DemoPoint(
                "The changes are *bilateral and mostly posterior*, the usual distribution "
                "in the lower zones.",
                0.74,
            ),
            DemoPoint(
                "No enlarged nodes and no effusion. Either would be a reason to think of "
                "another diagnosis.",
                0.45,
                "mediastinum",
            ),
        ],
    ),
    DemoPatient(
        seed=24,
        ods_code="RJ1",
        studies=[DemoStudy(Disease(ground_glass=0.5, crazy_paving=0.8), day=9)],
        category="classic",
        severity=2,
        oxygen_support="mask",
        symptoms=("cough", "fever", "dyspnoea"),
        findings=("Ground-glass opacity", "Crazy-paving"),
        title="Crazy-paving in the second week",
        summary="Ground-glass opacity with a fine network of thickened septa: the crazy-paving "
        "pattern.",
        points=[
            DemoPoint(
                "**Crazy-paving**: thin lines cross the ground-glass opacity like the "
                "joints of uneven paving.",
                0.66,
                arrow=DemoArrow((0.2, 0.66), (0.1, 0.9), "Crazy-paving"),
            ),
            DemoPoint(
                "The pattern is typical of the *second week* after onset, when the disease "
                "is near its peak.",
                0.55,
            ),
        ],
        prose=Prose(
            key_points="- Crazy-paving is ground-glass opacity with thickened septa inside it\n"
            "- In COVID-19 it is seen most often from the end of the first week to the end of the "
            "second\n"
            "- The pattern alone does not name its cause: the history does",
            differential="- **Pulmonary oedema**: central, with effusions and a large heart\n"
            "- **Pneumocystis pneumonia**: spares the outermost lung, in people whose immunity is "
            "weak\n"
            "- **Alveolar proteinosis**: the same picture for months, in a patient who is hardly "
            "ill",
            discussion="Opacities of COVID-19 begin as ground glass under the pleura and become "
            "denser as the second week goes on. Lines within them, [as on this image]"
            "(#image=1/40&window=lung), mark the stage before consolidation.",
            references="Salehi S, Abedi A, Balakrishnan S, Gholamrezanezhad A. Coronavirus disease "
            "2019 (COVID-19): a systematic review of imaging findings in 919 patients. AJR 2020. "
            "doi:10.2214/AJR.20.23034\n"
            "Pan F, Ye T, Sun P, et al. Time course of lung changes at chest CT during recovery "
            "from coronavirus disease 2019 (COVID-19). Radiology 2020. "
            "doi:10.1148/radiol.2020200370",
        ),
    ),
    DemoPatient(
        seed=37,
        ods_code="RRV",
        studies=[DemoStudy(Disease(ground_glass=0.35, consolidation=0.75), day=12)],
        category="classic",
        severity=3,
        oxygen_support="cpap",
        symptoms=("cough", "dyspnoea", "fatigue"),
        findings=("Consolidation", "Air bronchogram", "Ground-glass opacity"),
        title="Consolidation with air bronchograms",
        summary="Dense consolidation in both lower lobes with open bronchi inside it, and "
        "ground-glass opacity around.",
        points=[
            DemoPoint(
                "**Air bronchogram**: open airways are seen as dark branches within the "
                "consolidation.",
                0.72,
                arrow=DemoArrow((0.745, 0.614), (0.93, 0.9), "Air bronchogram"),
            ),
            DemoPoint(
                "On the mediastinal window the dense part of the change stands out from "
                "the ground-glass opacity.",
                0.72,
                "mediastinum",
            ),
        ],
    ),
    DemoPatient(
        seed=48,
        ods_code="RGT",
        studies=[
            DemoStudy(Disease(ground_glass=0.3), day=4),
            DemoStudy(Disease(ground_glass=0.6, crazy_paving=0.35, consolidation=0.4), day=12),
        ],
        category="classic",
        severity=2,
        teaching_value=5,
        findings=("Ground-glass opacity", "Consolidation"),
        title="The same chest on two days",
        summary="Two CT studies of one patient eight days apart: few patches of ground-glass "
        "opacity first, wider change with consolidation later.",
        points=[
            DemoPoint(
                "**First study**: small patches of ground-glass opacity, easy to overlook.",
                0.65,
                "lung",
                0,
            ),
            DemoPoint(
                "**Eight days later** the same region holds consolidation: the disease has "
                "progressed.",
                0.65,
                "lung",
                1,
            ),
        ],
    ),
    DemoPatient(
        seed=52,
        ods_code="RTH",
        studies=[DemoStudy(Disease(ground_glass=0.7, consolidation=0.7), day=8, kind="PA")],
        category="classic",
        severity=2,
        findings=("Consolidation",),
        title="Peripheral opacities on a radiograph",
        summary="Patchy opacities in the outer parts of both lungs, more below than above.",
        points=[
            DemoPoint(
                "Look along the **outer edge of both lungs**: the opacities spare the hila.",
                window=_CHEST_XRAY,
            ),
        ],
    ),
    DemoPatient(
        seed=63,
        ods_code="RX1",
        studies=[DemoStudy(Disease(), day=2, kind="PA")],
        category="normal",
        title="A normal radiograph does not exclude COVID-19",
        summary="No opacity on day 2, although the swab was positive.",
        points=[
            DemoPoint(
                "Lungs, hila and heart are normal. **Early in the disease** the radiograph "
                "often is.",
                window=_CHEST_XRAY,
            ),
        ],
    ),
    DemoPatient(
        seed=75,
        ods_code="RHQ",
        studies=[DemoStudy(Disease(ground_glass=0.4, reversed_halo=0.6), day=10)],
        ends="discordant",
        category="classic",
        severity=2,
    ),
    DemoPatient(
        seed=86,
        ods_code="R1H",
        studies=[DemoStudy(Disease(ground_glass=0.6, consolidation=0.5), day=7, kind="AP")],
        ends="unread",
        rt_pcr="not_known",
    ),
    DemoPatient(
        seed=97,
        ods_code="RTD",
        studies=[DemoStudy(Disease(consolidation=0.4), day=5, kind="AP")],
        ends="held",
    ),
]
