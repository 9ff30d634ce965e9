"""Closed vocabularies: the words of text attributes that may stay in a de-identified file."""

# Defined terms of PS3.3 for BodyPartExamined that a chest image may carry, and what scanners write.
BODY_PARTS = (
    *("CHEST", "THORAX", "LUNG", "HEART", "ABDOMEN", "PELVIS", "NECK", "HEAD", "SPINE", "RIB"),
    *("BODY", "WHOLEBODY", "CHESTABDOMEN", "CHESTABDPELVIS", "ABDOMENPELVIS", "NECKCHEST"),
    *("NECKCHESTABDOMEN", "NECKCHESTABDPELV", "HEADNECK", "TSPINE", "CSPINE", "LSPINE", "STERNUM"),
    *("CLAVICLE", "SHOULDER", "MEDIASTINUM", "AORTA", "THORAXABDOMEN", "CHEST_TO_PELVIS"),
    *("CAP", "TAP", "PORT CHEST", "CHEST PA", "CHEST AP", "CHEST LAT"),
)

# values 3 and more of ImageType and FrameType: C.8.2.1.1.1, C.8.16.1, and what scanners write
IMAGE_TYPES = (
    *("ANGIO", "CARDIAC", "CARDIAC_GATED", "CARDRESP_GATED", "DYNAMIC", "FLUOROSCOPY", "MOTION"),
    *("PERFUSION", "PRE_CONTRAST", "REST", "STATIC", "STRESS", "WHOLE_BODY", "CARDIAC_CASCORE"),
    *("ADDITION", "DIVISION", "MASKED", "MULTIPLICATION", "STD_DEVIATION", "QUANTITY", "MIXED"),
    *("HELIX", "STACK", "CT_SOM5 SPI DUAL", "CT_SOM7 SPI DUAL", "CT_SOM7 SEQ", "CT_SOM7 TOP"),
    *("AXIAL", "LOCALIZER", "REFORMATTED", "MPR", "AVERAGE", "MEAN", "MAX", "MIN", "MIP", "MINIP"),
    *("MAXIMUM", "MINIMUM", "VOLUME", "VOLUME RENDERED", "NONE", "RESAMPLED", "PROJECTION"),
    *(
        "PROJECTION IMAGE",
        "CSA MPR",
        "CSAPARALLEL",
        "CSA RESAMPLED",
        "CSAMANIPULATED",
        "CSAMPRTHICK",
    ),
    *("CT_SOM5 SPI", "CT_SOM5 SEQ", "CT_SOM5 TOP", "CT_SOM5 MPR", "CT_SOM5 PROT", "CT_SOM7 SPI"),
    *("SPI", "SEQ", "TOP", "HELICAL", "CORONAL", "SAGITTAL", "OBLIQUE", "POST_CONTRAST"),
    *("MPR_THICK", "THICK MPR", "DRR", "SUBTRACTION", "MONOCHROME", "GSI MONO", "VMI", "EVENT"),
    *("POST_PROCESSED", "COLUMN", "RADIAL", "M_FFE", "OTHER", "SOFT TISSUE", "BONE", "LUNG"),
)

MANUFACTURERS = (
    *("GE MEDICAL SYSTEMS", "GE Healthcare", "GE HEALTHCARE", "GEMS", "GE"),
    *("SIEMENS", "Siemens", "SIEMENS Healthineers", "Siemens Healthineers", "Siemens Healthcare"),
    *("Philips", "PHILIPS", "Philips Medical Systems", "Philips Healthcare"),
    *("TOSHIBA", "TOSHIBA_MEC", "CANON_MEC", "Canon Medical Systems", "CANON", "Canon Inc."),
    *("HITACHI", "Hitachi Medical Corporation", "FUJIFILM Corporation", "FUJIFILM", "FUJI"),
    *("FUJI PHOTO FILM Co., ltd.", "Agfa", "AGFA", "Agfa-Gevaert", "Agfa-Gevaert AG"),
    *("Agfa HealthCare", "CARESTREAM HEALTH", "Carestream Health", "Carestream", "KODAK"),
    *("KONICA MINOLTA", "KONICAMINOLTA", "Samsung Electronics", "SAMSUNG", "SAMSUNG ELECTRONICS"),
    *("SHIMADZU", "Shimadzu Corporation", "Neusoft Medical Systems", "NMS", "UIH", "MinFound"),
    *("Hologic", "HOLOGIC", "Swissray", "Varian Medical Systems", "Analogic", "DRTECH", "Vieworks"),
    *("Mindray", "Arcoma", "IMIX", "Sedecal", "Oldelft", "Delft Imaging"),
)

SCAN_OPTIONS = (
    *("HELICAL MODE", "AXIAL MODE", "SCOUT MODE", "CINE MODE", "HELICAL", "HELICAL_CT", "AXIAL"),
    *("SPIRAL", "SEQUENCE", "TOPOGRAM", "SURVIEW", "SCANOSCOPE", "VOLUME", "NORMAL_CT", "SHUTTLE"),
    *("AXIAL_CT", "SCANOSCOPE_CT", "DYNAMIC_CT", "DVOLUME_CT", "SFC", "FAST", "STEP_AND_SHOOT"),
    *("SPIRAL MODE", "GATED", "RETROSPECTIVE", "PROSPECTIVE"),
)

VIEW_POSITIONS = (
    *("PA", "AP", "LL", "RL", "RLD", "LLD", "RLO", "LLO", "LATERAL", "LAT", "AP SUPINE"),
    *("AP ERECT", "PA ERECT", "ANTERO-POSTERIOR", "POSTERO-ANTERIOR", "LPO", "RPO", "LAO", "RAO"),
    *("LORDOTIC", "DECUBITUS", "SUPINE", "ERECT", "OBLIQUE"),
)

FILTER_TYPES = (
    *("STRIP", "WEDGE", "BUTTERFLY", "MULTIPLE", "FLAT", "SHAPED", "NONE", "BODY FILTER"),
    *("HEAD FILTER", "MEDIUM FILTER", "LARGE FILTER", "SMALL FILTER", "BODY", "HEAD"),
)

FILTER_MATERIALS = (
    *("MOLYBDENUM", "ALUMINUM", "COPPER", "RHODIUM", "NIOBIUM", "EUROPIUM", "LEAD", "TANTALUM"),
    *("SILVER", "TEFLON", "MIXED"),
)

IMAGE_FILTERS = ("NONE", "NORMAL", "SHARP", "SMOOTH", "EDGE", "LUNG", "BONE", "UNKNOWN")

POSITIONER_TYPES = ("CARM", "COLUMN", "NONE", "MAMMOGRAPHIC", "PANORAMIC", "CEPHALOSTAT", "RIGID")

PATIENT_POSITIONS = (
    *("HFP", "HFS", "HFDR", "HFDL", "FFDR", "FFDL", "FFP", "FFS", "LFP", "LFS", "RFP", "RFS"),
    *("AFDR", "AFDL", "PFDR", "PFDL"),
)

# Reconstruction kernels: words of GE and Philips, patterns of Siemens, Canon and United Imaging.
KERNELS = (
    r"(?:STANDARD|STND|STND\+|SOFT|DETAIL|LUNG|BONE|BONEPLUS|EDGE|ULTRA|CHST|CHEST|SHARP|SMOOTH|NORMAL"
    r"|ULTRASHARP|HD_?(?:STND|STANDARD|LUNG|BONE|BONEPLUS|DETAIL|SOFT)"
    r"|A|B|C|D|E|EB|EC|F|FA|FB|FC|L|LUNG ENHANCED|T|UA|UB|UC|XA|XB|XC|XCA|XCB|XCC|YA|YB|YC|YD|IA|IB"
    r"|(?:B|U|D|H|J|I|Q|T|S)[lrcvfpqbsxktm]?\d{2}[fshd]?(?:_\d|\s\d)?|[1-5]"
    r"|F[CL]\d{2}(?:-?[A-Z])?|QDS|FBP|[BCHLS]_(?:SOFT|SHARP|VSHARP|SMOOTH|STANDARD|LUNG)_[A-F])"
)

KERNELS_IN_WORDS = (
    "a reconstruction kernel as GE, Philips, Siemens, Canon or United Imaging write it "
    "(LUNG, B70f, FC52, YA, B_SHARP_C, …)"
)

EXPOSURE_MODULATIONS = (
    *("NONE", "ANGULAR", "XYZ_EC", "Z_EC", "XY_EC", "3D", "Z_DOM", "D_DOM", "DOM", "AUTO", "SMART"),
    *("XY", "XYZ", "Z", "ORGAN_BASED", "SURE_EXP", "ACS"),
)

# defined terms of C.11.1.1.2, and what scanners write for the first
RESCALE_TYPES = (
    *("HU", "US", "OD", "US_REL", "MGML", "ED", "EDW", "HU_MOD", "PCT", "Z_EFF"),
    *("Hounsfield Unit", "Houndsfield Unit", "HOUNSFIELD", "Hounsfield", "Hounsfield Units"),
)

CONTRAST_ROUTES = ("IV", "ORAL", "RECTAL", "INTRAVENOUS", "Intravenous", "ORAL & IV", "ORAL_IV")

WINDOW_EXPLANATIONS = (
    *("WINDOW1", "WINDOW2", "WINDOW3", "NORMAL", "HARD", "SOFT", "HARDER", "SOFTER", "LUNG"),
    *("MEDIASTINUM", "BONE", "ABDOMEN", "USER", "DEFAULT", "STANDARD", "CHEST", "SOFT TISSUE"),
)

# Words of descriptions. No surname-like word is worth its risk: what is not here goes.
_DESCRIPTOR_WORDS = """
CHEST THORAX THORACIC LUNG LUNGS PULMONARY MEDIASTINUM MEDIASTINAL ABDOMEN ABD PELVIS PEL
BODY NECK CAP TAP HEART CARDIAC AORTA AORTIC RIBS SPINE HRCT HR THX MEDIAST PARENCHYMA AIRWAYS
CERVICAL LUMBAR
CT CR DX CXR XR X-RAY XRAY CTPA PE ANGIO CTA HELICAL SPIRAL AXIAL VOLUME VOL CONTIGUOUS
LOW DOSE LOWDOSE LD ULD STANDARD STD STND ROUTINE HIGH RES RESOLUTION HIRES INSPIRATION
EXPIRATION INSP EXP PRONE SUPINE BREATHHOLD PORTABLE MOBILE BEDSIDE ERECT UPRIGHT SITTING
SCOUT TOPOGRAM SURVIEW LOCALIZER LOCALISER SCANOGRAM SMARTPREP MONITORING PREMONITORING
CONTRAST NON NONCONTRAST UNENHANCED ENHANCED PRE POST WITH WITHOUT IV ORAL ARTERIAL VENOUS
PORTAL DELAYED DELAY PHASE CE NC NECT CECT C+ C- W WO W/O PLAIN
COR CORONAL SAG SAGITTAL SAGITAL AX AXL TRA TRANSVERSE TRANS OBL OBLIQUE MPR MIP MINIP MINIPS
MIPS RECON RECONS RECONSTRUCTION REFORMAT REFORMATTED REFORMATS THIN THICK SLICE SLICES SLAB
PA AP LAT LATERAL LEFT RIGHT LORDOTIC VIEW FRONTAL SERIES IMAGE IMAGES ORIGINAL PROCESSED
SOFT TISSUE TISSUES BONE BONES WINDOW WINDOWS WIN KERNEL SHARP SMOOTH EDGE DETAIL FILTER
ASIR ASIR-V IDOSE SAFIRE ADMIRE AIDR AIDR3D ITERATIVE FBP
BONEPLUS BOPL STND+ COVID COVID-19 FOLLOW-UP FOLLOWUP BASELINE
"""
DESCRIPTOR_WORDS = frozenset(_DESCRIPTOR_WORDS.split())

# slice thicknesses and gaps, in millimetres
DESCRIPTOR_NUMBERS = frozenset(
    (
        *(0.3, 0.4, 0.5, 0.6, 0.625, 0.7, 0.75, 0.8, 0.9, 1.0, 1.2, 1.25, 1.5, 1.6, 1.75, 1.8),
        *(2.0, 2.25, 2.4, 2.5, 3.0, 3.2, 3.27, 3.5, 3.75, 4.0, 4.5, 5.0, 6.0, 7.0, 7.5, 8.0, 10.0),
    )
)

# (scheme, code): our own meaning. The file's CodeMeaning is free text and never stays.
ANATOMIC_REGIONS = {
    ("SCT", "51185008"): "Chest",
    ("SCT", "816094009"): "Chest",
    ("SRT", "T-D3000"): "Chest",
    ("SNM3", "T-D3000"): "Chest",
    ("SCT", "39607008"): "Lung",
    ("SRT", "T-28000"): "Lung",
    ("SCT", "416550000"): "Chest and Abdomen",
    ("SRT", "R-FAB55"): "Chest and Abdomen",
    ("SCT", "416775004"): "Chest, Abdomen and Pelvis",
    ("SRT", "R-FAB56"): "Chest, Abdomen and Pelvis",
    ("SCT", "417437006"): "Neck and Chest",
    ("SCT", "72410000"): "Mediastinum",
    ("SCT", "80891009"): "Heart",
    ("SCT", "113197003"): "Rib",
    ("SCT", "122495006"): "Thoracic spine",
    ("SCT", "38266002"): "Entire body",
    ("SCT", "818981001"): "Abdomen",
    ("SCT", "113345001"): "Abdomen",
    ("SRT", "T-D4000"): "Abdomen",
    ("SCT", "818982008"): "Abdomen and Pelvis",
    ("SCT", "45048000"): "Neck",
    ("SCT", "416152001"): "Neck, Chest and Abdomen",
    ("SCT", "416319003"): "Neck, Chest, Abdomen and Pelvis",
    ("SCT", "69536005"): "Head",
    ("SCT", "774007"): "Head and Neck",
    ("SCT", "816092008"): "Pelvis",
    ("SCT", "421060004"): "Spine",
    ("SCT", "122494005"): "Cervical spine",
    ("SCT", "122496007"): "Lumbar spine",
    ("SCT", "56873002"): "Sternum",
    ("SCT", "51299004"): "Clavicle",
    ("SCT", "16982005"): "Shoulder",
    ("SCT", "15825003"): "Aorta",
    ("SCT", "113262008"): "Thoracic aorta",
    ("SCT", "41801008"): "Coronary artery",
}
VIEWS = {
    ("SCT", "399348003"): "antero-posterior",
    ("SRT", "R-10206"): "antero-posterior",
    ("SNM3", "R-10206"): "antero-posterior",
    ("SCT", "272479007"): "postero-anterior",
    ("SRT", "R-10214"): "postero-anterior",
    ("SNM3", "R-10214"): "postero-anterior",
    ("SRT", "R-40888"): "postero-anterior",
    ("SCT", "399067008"): "lateral",
    ("SCT", "399173006"): "left lateral",
    ("SRT", "R-10236"): "left lateral",
    ("SCT", "399198007"): "right lateral",
    ("SRT", "R-10232"): "right lateral",
    ("SCT", "399033003"): "frontal",
    ("SCT", "399182000"): "oblique",
}
