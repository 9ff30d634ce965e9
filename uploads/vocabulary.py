"""Words the screen of free text knows: common first names, and capitalised words that are none."""

# the commonest in the United Kingdom that are not also everyday or medical words
_FIRST_NAMES = """
aaron abdul abdullah abigail adam adrian agnes ahmed aisha alan albert alex alexander alexandra
alfie alfred ali alice alison amanda amelia amir amy andrea andrew angela anita ann anna anne
annie anthony antonio arthur ashley barbara barry beatrice ben benjamin bernard beth bethany
betty brenda brian bridget callum cameron carl carol caroline catherine charles charlie chloe
chris christian christina christine christopher claire clare colin connor craig daisy daniel
daniela danielle darren david dean deborah debra denise dennis derek diana diane dominic donald
donna doreen doris dorothy douglas dylan edith edward eileen elaine eleanor elizabeth ella ellen
ellie elsie emily emma eric ethan ethel evelyn fatima fiona frances francis fred freya gareth
gary gavin gemma geoffrey george gerald gillian gladys glenn gordon graham gurpreet hannah hans
harold harpreet harriet harry hassan heather helen henry hilda howard hugh hussein ian ibrahim
ilona imran irene isaac isabel isabella isla ivan jack jackie jacob jacqueline jake james jamie
jan jane janet janice jasmine jason jean jeffrey jennifer jeremy jessica jessie jill jim joan
joanna joanne joe john jonathan joseph josephine joshua joyce judith julia julian julie june
karen kate katherine kathleen katie keith kelly kenneth kerry kevin khadija kieran kim kyle
laura lauren lawrence leah lee leonard leslie lewis liam lillian linda lisa logan lorraine
louis louise lucas lucy luke lydia lynn lynne mabel malcolm marc marcus margaret maria marie
marilyn marion marjorie martin mary mason matthew maureen megan melanie melissa michael michelle
mohamed mohammad mohammed molly monica muhammad nancy naomi natalie natasha nathan neil nicholas
nicola nigel noah noor nora norma norman olive oliver olivia omar oscar owen pamela patricia
patrick paul paula pauline peter philip phillip phoebe phyllis priya rachel rajesh ralph
raymond rebecca richard rita robert robin roger roland ronald rosemary rosie roy russell ruth
ryan sally sam samantha samuel sandra sara sarah scott sean sebastian sharon sheila shirley
simon sofia sophia sophie stacey stanley stephanie stephen steven stuart susan suzanne sylvia
teresa terence theo theresa thomas tim timothy tina toby tom tony tracey tracy trevor valerie
vera victor vincent walter wayne wendy wilfred william winifred yasmin yusuf yvonne zachary zoe
"""

# capitalised in notes, and neither a person nor a place
_NOT_NAMES = """
a acquired acute admitted adult adenocarcinoma after age airway allergy alzheimer's alzheimer
ambulatory and angiogram ankylosing antibiotics antigen arterial aspergillus aspiration asthma
asymptomatic at atrial autoimmune background bacterial barrett behcet bilateral black blood body
bone british bronchial bronchiectasis bronchitis by cancer candida cardiac cardiomegaly
cardiovascular care caribbean african asian caucasian catheter central chest child children
chronic churg classic clinical colonic community confirmed congestive consolidation contrast
cough coronary covid covid-19 crackles crohn cushing days day deep dementia diabetes diabetic
diagnosed discharge discharged disease disorder distress diuretic down dry dyspnoea early
ejection embolism emergency emphysema endocarditis enlarged epstein-barr ex ex-smoker failure
fatigue female fever fibrillation fibrosis findings five flu follow-up for four fraction from
gastric given goodpasture graft granulomatosis gradual graves ground-glass guillain-barre
haemodialysis haemophilus hashimoto headache health healthcare heart hepatic hepatitis high
history hodgkin home horner hospital hypertension hypoxia hypoxic if immune immunosuppressed in
increased increasing indian infection infective influenza inflammatory insulin intensive
interstitial intubated invasive ischaemic is kaposi kidney klebsiella known left legionella
liver low lower lung lungs lupus lymphocytes lymphoma lymphopenia male malignancy marfan mass
medical mellitus methotrexate mild moderate multiple mycobacterium mycoplasma myeloid myeloma
myocardial nasal negative never new next night no non-invasive normal not null nurse nursing
obese obesity obstructive oedema on onset oral organising osteoarthritis osteoporosis outpatient
oxygen parkinson patient peripheral persistent pleural pneumocystis pneumonia pneumothorax
positive post pregnant presented presenting previous primary productive prone protein proven
pseudomonas pulmonary rapid raynaud reactive recent recurrent reduced renal repeat respiratory
resolved resuscitation review rheumatoid rheumatology right room sarcoidosis saturations sats
sclerosis screening second sepsis serology serum severe severity shortness sickle since six
sjögren sjogren smoker sore south east north west stage staphylococcus stable started status
steroid steroids stevens-johnson still strep streptococcus stroke subacute sudden swab symptoms
syndrome systemic tachycardia tachypnoea ten test tested thoracic three throat thrombosis
to transferred transplant treated treatment tuberculosis two type ulcerative unilateral unit
unknown unwell upper urea vaccinated vascular vasculitis ventilated ventilation viral virus von
ward wegener week weeks wells white with worsening x-ray year years department crp procalcitonin
pfizer astrazeneca moderna remdesivir dexamethasone tocilizumab amoxicillin clarithromycin
doxycycline azithromycin paracetamol ramadan english polish irish chinese pakistani bangladeshi
european i caldicott guardian information governance officer director chief executive senior deputy
owner risk data protection lead manager head consultant radiologist radiographer registrar clinician
radiology records research trust board group committee
"""

# first names that are words as well, when they begin with a small letter
_ALSO_WORDS = """
ali ann bridget carol christian colin craig daisy dean francis hans hugh iris jack jan jasmine jean
jill joan jun june kay kerry kim kyle lee logan louis luke marc marion mason molly neil noor norman
olive oscar owen rita robin roger sam scott sean stuart theo tim toby tony victor wayne walter
"""

FIRST_NAMES = frozenset(_FIRST_NAMES.split())
NOT_NAMES = frozenset(_NOT_NAMES.split())
NEVER_WORDS = FIRST_NAMES - frozenset(_ALSO_WORDS.split())
