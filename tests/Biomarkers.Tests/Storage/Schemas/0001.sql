-- A database of the first schema, as the program of that time wrote it: two analysed plates, one without its layout.
PRAGMA foreign_keys = OFF;
BEGIN TRANSACTION;
CREATE TABLE analytical_run (
    run_key BIGINT NOT NULL PRIMARY KEY,
    plate_key BIGINT NOT NULL REFERENCES plate (plate_key),
    read_key BIGINT NOT NULL REFERENCES plate_read (read_key),
    layout_key BIGINT NOT NULL REFERENCES plate_layout (layout_key),
    assay_key BIGINT NOT NULL REFERENCES assay (assay_key),
    assay_id TEXT NOT NULL,
    inputs_hash BLOB NOT NULL,
    read_hash BLOB NOT NULL,
    layout_hash BLOB NOT NULL,
    assay_hash BLOB NOT NULL,
    rule_pack_hash BLOB NOT NULL,
    rule_pack TEXT NOT NULL REFERENCES rule_pack (name),
    engine_version TEXT NOT NULL,
    verdict INTEGER NOT NULL,
    criteria TEXT NOT NULL,
    result_count INTEGER NOT NULL,
    flag_count INTEGER NOT NULL,
    save_time BIGINT NOT NULL,
    UNIQUE (inputs_hash, engine_version)
);
INSERT INTO "analytical_run" VALUES(1,1,1,1,1,'il-6',X'730F5DCA340DAA948B09B3D8AC814DAB9EAF72EB9AF578B7C46068E62D4E1FD6',X'4CFF34A21A98E16EB724BAE21EFE71323EBE86F978C1BA3B6B0A94A79F7BBFA6',X'F721CEE44F30E1431530190CBC642BE521AA3ACD146DD4998C6AAC666B92420E',X'4983BB48119410706387B8CBD329C498DE9F5FC5F9D65D6CAC0E7ED583C7EF3B',X'2FBDCBB628F422E1DCB10644E901380226A39746D8ABE9B7579C8808679844D4','ich-m10-lba-draft@2022','1',0,'[{"code":"C_NOT_CONVERGED","analyte":"il-6","outcome":"passed","text":"The curve of il-6 converged."},{"code":"C_FEW_LEVELS","analyte":"il-6","outcome":"passed","observed":8,"limit":6,"clause":"ICH M10 (2022) 4.2.3","text":"8 of 8 calibrator levels of il-6 are acceptable; expected at least 75 % and at least 6."},{"code":"R_CURVE","analyte":"il-6","outcome":"passed","observed":100,"limit":75,"clause":"ICH M10 (2022) 4.2.3","text":"The curve of il-6 is accepted."},{"code":"R_QC_67","analyte":"il-6","outcome":"passed","observed":100,"limit":66.66666666666667,"clause":"ICH M10 (2022), LBA","text":"3 of 3 sets of all controls of il-6 are within 20 %; expected at least 67 %."},{"code":"R_QC_50","analyte":"il-6","outcome":"passed","observed":100,"limit":50,"clause":"ICH M10 (2022), LBA","text":"1 of 1 sets of controls LQC of il-6 are within 20 %; expected at least 50 %."}]',2,4,1795368997353471);
INSERT INTO "analytical_run" VALUES(2,2,2,2,1,'il-6',X'3C6DF1ABDA753A759EAEDE001160BC2779F6BB15A704260458C7BE2B8FC7B3F8',X'1BCECBA9AF2CECF8345AFA58A837FA16AD4D94448594E9A6E6636E643835F735',X'9B60039BBA1086DD22EAEDF6176F9698817CDB498E7F686C40FEFC47086AE4E5',X'4983BB48119410706387B8CBD329C498DE9F5FC5F9D65D6CAC0E7ED583C7EF3B',X'2FBDCBB628F422E1DCB10644E901380226A39746D8ABE9B7579C8808679844D4','ich-m10-lba-draft@2022','1',0,'[{"code":"C_NOT_CONVERGED","analyte":"il-6","outcome":"passed","text":"The curve of il-6 converged."},{"code":"C_FEW_LEVELS","analyte":"il-6","outcome":"passed","observed":8,"limit":6,"clause":"ICH M10 (2022) 4.2.3","text":"8 of 8 calibrator levels of il-6 are acceptable; expected at least 75 % and at least 6."},{"code":"R_CURVE","analyte":"il-6","outcome":"passed","observed":100,"limit":75,"clause":"ICH M10 (2022) 4.2.3","text":"The curve of il-6 is accepted."},{"code":"R_QC_67","analyte":"il-6","outcome":"passed","observed":100,"limit":66.66666666666667,"clause":"ICH M10 (2022), LBA","text":"3 of 3 sets of all controls of il-6 are within 20 %; expected at least 67 %."},{"code":"R_QC_50","analyte":"il-6","outcome":"passed","observed":100,"limit":50,"clause":"ICH M10 (2022), LBA","text":"1 of 1 sets of controls LQC of il-6 are within 20 %; expected at least 50 %."}]',2,4,1795369001182747);
CREATE TABLE assay (
    assay_key BIGINT NOT NULL PRIMARY KEY,
    assay_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    content_hash BLOB NOT NULL,
    definition TEXT NOT NULL,
    create_time BIGINT NOT NULL,
    actor TEXT NOT NULL,
    UNIQUE (assay_id, version)
);
INSERT INTO "assay" VALUES(1,'il-6',1,X'0D3A65290AE9C9BB36A94527D8A8650D056E4AEC6D27749715F9C70EA69B7B76','{"id":"il-6","version":1,"displayName":"IL-6, high sensitivity","responseKind":"optical-density","rulePack":"ich-m10-lba-draft@2022","analytes":[{"analyte":"il-6","displayName":"Interleukin 6","form":"not-applicable","unit":"pg/mL","lloq":0.16,"uloq":10,"curveModel":"5pl","weights":"1/y2","fixedParameters":{},"fitBasis":"wells","blankTreatment":"ignore","minimumRequiredDilution":1,"significantDigits":4,"loinc":"26881-3","source":"Range: an ultrasensitive ELISA of 0.16 to 10.0 pg/mL (ALPCO, catalogue). LOINC: seen in five code bases."}]}',1795368990580962,'server');
INSERT INTO "assay" VALUES(2,'hs-crp',1,X'F999D2E85BF0D6B235F007D54C302BC0357EAD9B4968254D44C0EEADDC037688','{"id":"hs-crp","version":1,"displayName":"CRP, high sensitivity","responseKind":"optical-density","rulePack":"ich-m10-lba-draft@2022","analytes":[{"analyte":"hs-crp","displayName":"C-reactive protein","form":"not-applicable","unit":"mg/L","lloq":0.16,"uloq":20,"curveModel":"4pl","weights":"1/y2","fixedParameters":{},"fitBasis":"wells","blankTreatment":"ignore","minimumRequiredDilution":4000,"significantDigits":4,"loinc":"30522-7","source":"Range: our own, about the risk classes of 1, 3 and 10 mg/L (AHA/CDC 2003). Predilution: 1:4000 as in one kit (Helica). LOINC: seen with its full name."}]}',1795368992233075,'server');
INSERT INTO "assay" VALUES(3,'c-peptide',1,X'6257A6401D0C6EFAEACAF207082BEED910407B576D49266ECAD70D141A6BF631','{"id":"c-peptide","version":1,"displayName":"C-peptide","responseKind":"optical-density","rulePack":"ich-m10-lba-draft@2022","analytes":[{"analyte":"c-peptide","displayName":"C-peptide","form":"not-applicable","unit":"nmol/L","lloq":0.032,"uloq":4,"curveModel":"4pl","weights":"1/y2","fixedParameters":{},"fitBasis":"wells","blankTreatment":"ignore","minimumRequiredDilution":1,"significantDigits":4,"loinc":"14633-2","source":"Range: our own, about the decision points of 0.08, 0.2 and 0.6 nmol/L (ouh.nhs.uk). LOINC: explained in one code base."}]}',1795368992329168,'server');
INSERT INTO "assay" VALUES(4,'proinsulin',1,X'26EE14FD27AA4A170BAA2940C825B40722FC2DE0E103386DB0D8DEBE6494E35B','{"id":"proinsulin","version":1,"displayName":"Proinsulin, intact","responseKind":"luminescence","rulePack":"ich-m10-lba-draft@2022","analytes":[{"analyte":"proinsulin","displayName":"Proinsulin, intact","form":"intact","unit":"pmol/L","lloq":0.625,"uloq":80,"curveModel":"4pl","weights":"1/y2","fixedParameters":{},"fitBasis":"wells","blankTreatment":"ignore","minimumRequiredDilution":1,"significantDigits":4,"loinc":"27882-0","source":"Range: our own, within the 5 to 3000 pg/mL of a kit (ALPCO) and about the intact reference of 1.8 to 11.0 pmol/L. LOINC: seen in code bases."}]}',1795368992350450,'server');
INSERT INTO "assay" VALUES(5,'insulin',1,X'2C0B359398155083829133DDDEE4AEE8AEA03491F31264052C451AC7366E338F','{"id":"insulin","version":1,"displayName":"Insulin","responseKind":"optical-density","rulePack":"ich-m10-lba-draft@2022","analytes":[{"analyte":"insulin","displayName":"Insulin","form":"not-applicable","unit":"pmol/L","lloq":6.25,"uloq":800,"curveModel":"4pl","weights":"1/y2","fixedParameters":{},"fitBasis":"wells","blankTreatment":"ignore","minimumRequiredDilution":1,"significantDigits":4,"loinc":"14796-7","source":"Range: our own, about the reference of 7.64 to 70.14 pmol/L (Ann Lab Med 2018;38:530). LOINC: seen in code bases."}]}',1795368992386345,'server');
CREATE TABLE audit_event (
    sequence BIGINT NOT NULL PRIMARY KEY,
    event_time BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    reason TEXT,
    detail TEXT,
    previous_hash BLOB NOT NULL,
    hash BLOB NOT NULL
);
INSERT INTO "audit_event" VALUES(1,1795368990580962,'server','ASSAY_CREATED','assays/il-6@1',NULL,'SHA-256 0d3a65290ae9c9bb36a94527d8a8650d056e4aec6d27749715f9c70ea69b7b76',X'0000000000000000000000000000000000000000000000000000000000000000',X'CF2297DC2D4348239763E920683F69610522CA9082330B388B440439DA57027B');
INSERT INTO "audit_event" VALUES(2,1795368992233075,'server','ASSAY_CREATED','assays/hs-crp@1',NULL,'SHA-256 f999d2e85bf0d6b235f007d54c302bc0357ead9b4968254d44c0eeaddc037688',X'CF2297DC2D4348239763E920683F69610522CA9082330B388B440439DA57027B',X'5209A56C8A91AE1D3C6A5C89D3AA8EBBC7A269B6525D8938C7D9DA0F86A69776');
INSERT INTO "audit_event" VALUES(3,1795368992329168,'server','ASSAY_CREATED','assays/c-peptide@1',NULL,'SHA-256 6257a6401d0c6efaeacaf207082beed910407b576d49266ecad70d141a6bf631',X'5209A56C8A91AE1D3C6A5C89D3AA8EBBC7A269B6525D8938C7D9DA0F86A69776',X'8B63213020FD48E5CB7A44B50B8DB33486F81EC455FDD038A4A3741F4F54E81A');
INSERT INTO "audit_event" VALUES(4,1795368992350450,'server','ASSAY_CREATED','assays/proinsulin@1',NULL,'SHA-256 26ee14fd27aa4a170baa2940c825b40722fc2de0e103386db0d8debe6494e35b',X'8B63213020FD48E5CB7A44B50B8DB33486F81EC455FDD038A4A3741F4F54E81A',X'8DAE4E94CED31778F95FA61774AB24BAD586E54A2AE0381E2A344872C104AB11');
INSERT INTO "audit_event" VALUES(5,1795368992386345,'server','ASSAY_CREATED','assays/insulin@1',NULL,'SHA-256 2c0b359398155083829133dddee4aee8aea03491f31264052c451ac7366e338f',X'8DAE4E94CED31778F95FA61774AB24BAD586E54A2AE0381E2A344872C104AB11',X'98E23039AFA2C4F55522EF5A844D99B400C98E47F746DB4073721D7785F430EF');
INSERT INTO "audit_event" VALUES(6,1795368994679862,'keys/local','STREAM_OPENED','instruments/r1/readStreams/s1',NULL,'epoch 1, next offset 0',X'98E23039AFA2C4F55522EF5A844D99B400C98E47F746DB4073721D7785F430EF',X'6E57EDAA372C5C93C71F7FA3E0FFF512B18B73C6799D2504CC447342DA26E79A');
INSERT INTO "audit_event" VALUES(7,1795368995465984,'keys/local','LAYOUT_SUBMITTED','plates/OLD-1',NULL,'version 1, SHA-256 f721cee44f30e1431530190cbc642be521aa3acd146dd4998c6aac666b92420e',X'6E57EDAA372C5C93C71F7FA3E0FFF512B18B73C6799D2504CC447342DA26E79A',X'3F08DEA44054D324867FB4D09E34E9BF3E29521DA541224FCBCB574890C204B1');
INSERT INTO "audit_event" VALUES(8,1795368997353471,'server','RUN_SAVED','analyticalRuns/1',NULL,'plates/OLD-1, inputs 730f5dca340daa948b09b3d8ac814dab9eaf72eb9af578b7c46068e62d4e1fd6, engine 1, Accepted',X'3F08DEA44054D324867FB4D09E34E9BF3E29521DA541224FCBCB574890C204B1',X'0DD71C87151A48A65C3E8A18DB0CF665BFE4A3771B630598B22D72661F7AA15D');
INSERT INTO "audit_event" VALUES(9,1795369000575844,'keys/local','STREAM_OPENED','instruments/r1/readStreams/s1',NULL,'epoch 2, next offset 1',X'0DD71C87151A48A65C3E8A18DB0CF665BFE4A3771B630598B22D72661F7AA15D',X'33C92775E68962E2F668ADDD73761C45F6381CCDC3D298568C53DEFC87184776');
INSERT INTO "audit_event" VALUES(10,1795369001081889,'keys/local','LAYOUT_SUBMITTED','plates/OLD-2',NULL,'version 1, SHA-256 9b60039bba1086dd22eaedf6176f9698817cdb498e7f686c40fefc47086ae4e5',X'33C92775E68962E2F668ADDD73761C45F6381CCDC3D298568C53DEFC87184776',X'D2BF261B47D65EFEA9A0B7D180520EFAE2B1F4D2D76136029BAFA37D0FE4A9C4');
INSERT INTO "audit_event" VALUES(11,1795369001182747,'server','RUN_SAVED','analyticalRuns/2',NULL,'plates/OLD-2, inputs 3c6df1abda753a759eaede001160bc2779f6bb15a704260458c7be2b8fc7b3f8, engine 1, Accepted',X'D2BF261B47D65EFEA9A0B7D180520EFAE2B1F4D2D76136029BAFA37D0FE4A9C4',X'D63DCDA9EA54319AA0684F6BD9AE81C34BF29A8ED5CD4C22FD85ADA0F107AF80');
INSERT INTO "audit_event" VALUES(12,1795369003902420,'keys/local','STREAM_OPENED','instruments/r1/readStreams/s1',NULL,'epoch 3, next offset 2',X'D63DCDA9EA54319AA0684F6BD9AE81C34BF29A8ED5CD4C22FD85ADA0F107AF80',X'ADDF488F5DD076A05E26CF1C2B88C51B09910B2F74DA9EEBC5C9A261F65A2A87');
CREATE TABLE change_feed (
    sequence BIGINT NOT NULL PRIMARY KEY,
    kind INTEGER NOT NULL,
    target_key BIGINT NOT NULL
);
INSERT INTO "change_feed" VALUES(8,1,1);
INSERT INTO "change_feed" VALUES(11,1,2);
CREATE TABLE control_point (
    run_key BIGINT NOT NULL REFERENCES analytical_run (run_key),
    ordinal INTEGER NOT NULL,
    analyte TEXT NOT NULL,
    level_name TEXT NOT NULL,
    set_number INTEGER NOT NULL,
    lot_number TEXT,
    nominal DOUBLE PRECISION,
    mean_response DOUBLE PRECISION,
    concentration DOUBLE PRECISION,
    recovery_percent DOUBLE PRECISION,
    cv_percent DOUBLE PRECISION,
    is_accepted BOOLEAN,
    wells TEXT NOT NULL,
    PRIMARY KEY (run_key, ordinal)
);
INSERT INTO "control_point" VALUES(1,0,'il-6','LQC',1,NULL,10.0,0.1955,9.98271690221736207604e+00,9.98271690221736207604e+01,6.00727256380868879226e-01,1,'C03 D03');
INSERT INTO "control_point" VALUES(1,1,'il-6','MQC',1,NULL,80.0,1.1279,84.5442807180334,1.05680350897541757153e+02,2.30779121751368920811e+00,1,'E03 F03');
INSERT INTO "control_point" VALUES(1,2,'il-6','HQC',1,NULL,500.0,2.20169999999999976836e+00,496.071659833488,99.2143319666976,1.01599671393185246874e+01,1,'G03 H03');
INSERT INTO "control_point" VALUES(2,0,'il-6','LQC',1,NULL,10.0,0.1955,9.98271690221736207604e+00,9.98271690221736207604e+01,6.00727256380868879226e-01,1,'C03 D03');
INSERT INTO "control_point" VALUES(2,1,'il-6','MQC',1,NULL,80.0,1.1279,84.5442807180334,1.05680350897541757153e+02,2.30779121751368920811e+00,1,'E03 F03');
INSERT INTO "control_point" VALUES(2,2,'il-6','HQC',1,NULL,500.0,2.20169999999999976836e+00,496.071659833488,99.2143319666976,1.01599671393185246874e+01,1,'G03 H03');
CREATE TABLE database_identity (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    generation BIGINT NOT NULL
);
INSERT INTO "database_identity" VALUES(1,1);
CREATE TABLE key_sequence (
    name TEXT NOT NULL PRIMARY KEY,
    next_key BIGINT NOT NULL
);
INSERT INTO "key_sequence" VALUES('assay',257);
INSERT INTO "key_sequence" VALUES('read_stream',257);
INSERT INTO "key_sequence" VALUES('plate',257);
INSERT INTO "key_sequence" VALUES('plate_change',257);
INSERT INTO "key_sequence" VALUES('plate_layout',257);
INSERT INTO "key_sequence" VALUES('plate_read',257);
INSERT INTO "key_sequence" VALUES('work_item',257);
INSERT INTO "key_sequence" VALUES('analytical_run',257);
INSERT INTO "key_sequence" VALUES('result',257);
INSERT INTO "key_sequence" VALUES('result_version',257);
CREATE TABLE ledger_head (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    sequence BIGINT NOT NULL,
    hash BLOB NOT NULL
);
INSERT INTO "ledger_head" VALUES(1,12,X'ADDF488F5DD076A05E26CF1C2B88C51B09910B2F74DA9EEBC5C9A261F65A2A87');
CREATE TABLE pending_read (
    stream_key BIGINT NOT NULL REFERENCES read_stream (stream_key),
    read_id TEXT NOT NULL,
    plate_key BIGINT NOT NULL REFERENCES plate (plate_key),
    plate_barcode TEXT NOT NULL,
    well_count INTEGER NOT NULL,
    response_kind INTEGER NOT NULL,
    operator_name TEXT,
    read_time BIGINT,
    part_count INTEGER NOT NULL,
    PRIMARY KEY (stream_key, read_id)
);
CREATE TABLE pending_read_part (
    stream_key BIGINT NOT NULL,
    read_id TEXT NOT NULL,
    event_offset BIGINT NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (stream_key, read_id, event_offset)
);
CREATE TABLE plate (
    plate_key BIGINT NOT NULL PRIMARY KEY,
    barcode TEXT NOT NULL UNIQUE,
    state INTEGER NOT NULL,
    layout_key BIGINT,
    run_key BIGINT,
    change_key BIGINT NOT NULL,
    create_time BIGINT NOT NULL,
    update_time BIGINT NOT NULL
);
INSERT INTO "plate" VALUES(1,'OLD-1',5,1,1,3,1795368995465984,1795368997353471);
INSERT INTO "plate" VALUES(2,'OLD-2',5,2,2,6,1795369001081889,1795369001182747);
INSERT INTO "plate" VALUES(3,'OLD-3',2,NULL,NULL,8,1795369004306308,1795369004306308);
CREATE TABLE plate_layout (
    layout_key BIGINT NOT NULL PRIMARY KEY,
    plate_key BIGINT NOT NULL REFERENCES plate (plate_key),
    version INTEGER NOT NULL,
    assay_key BIGINT NOT NULL REFERENCES assay (assay_key),
    content_hash BLOB NOT NULL,
    definition TEXT NOT NULL,
    submit_time BIGINT NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT,
    UNIQUE (plate_key, version)
);
INSERT INTO "plate_layout" VALUES(1,1,1,1,X'F721CEE44F30E1431530190CBC642BE521AA3ACD146DD4998C6AAC666B92420E','{"assayId":"il-6","assayVersion":1,"wellCount":96,"wells":[{"position":"A01","content":{"role":"calibrator","name":"S1000","kind":"calibrator","nominals":[{"analyte":"il-6","value":1000,"unit":"pg/mL"}]}},{"position":"A02","content":{"role":"calibrator","name":"S25.6","kind":"calibrator","nominals":[{"analyte":"il-6","value":25.6,"unit":"pg/mL"}]}},{"position":"A03","content":{"role":"blank","name":"B"}},{"position":"A04","content":{"role":"unknown","sampleId":"U0-0","dilutionFactor":1}},{"position":"B01","content":{"role":"calibrator","name":"S1000","kind":"calibrator","nominals":[{"analyte":"il-6","value":1000,"unit":"pg/mL"}]}},{"position":"B02","content":{"role":"calibrator","name":"S25.6","kind":"calibrator","nominals":[{"analyte":"il-6","value":25.6,"unit":"pg/mL"}]}},{"position":"B03","content":{"role":"blank","name":"B"}},{"position":"B04","content":{"role":"unknown","sampleId":"U0-0","dilutionFactor":1}},{"position":"C01","content":{"role":"calibrator","name":"S400","kind":"calibrator","nominals":[{"analyte":"il-6","value":400,"unit":"pg/mL"}]}},{"position":"C02","content":{"role":"calibrator","name":"S10.24","kind":"calibrator","nominals":[{"analyte":"il-6","value":10.24,"unit":"pg/mL"}]}},{"position":"C03","content":{"role":"control","level":"LQC","setNumber":1,"dilutionFactor":1,"nominals":[{"analyte":"il-6","value":10,"unit":"pg/mL"}]}},{"position":"C04","content":{"role":"unknown","sampleId":"U0-1","dilutionFactor":1}},{"position":"D01","content":{"role":"calibrator","name":"S400","kind":"calibrator","nominals":[{"analyte":"il-6","value":400,"unit":"pg/mL"}]}},{"position":"D02","content":{"role":"calibrator","name":"S10.24","kind":"calibrator","nominals":[{"analyte":"il-6","value":10.24,"unit":"pg/mL"}]}},{"position":"D03","content":{"role":"control","level":"LQC","setNumber":1,"dilutionFactor":1,"nominals":[{"analyte":"il-6","value":10,"unit":"pg/mL"}]}},{"position":"D04","content":{"role":"unknown","sampleId":"U0-1","dilutionFactor":1}},{"position":"E01","content":{"role":"calibrator","name":"S160","kind":"calibrator","nominals":[{"analyte":"il-6","value":160,"unit":"pg/mL"}]}},{"position":"E02","content":{"role":"calibrator","name":"S4.096","kind":"calibrator","nominals":[{"analyte":"il-6","value":4.096,"unit":"pg/mL"}]}},{"position":"E03","content":{"role":"control","level":"MQC","setNumber":1,"dilutionFactor":1,"nominals":[{"analyte":"il-6","value":80,"unit":"pg/mL"}]}},{"position":"F01","content":{"role":"calibrator","name":"S160","kind":"calibrator","nominals":[{"analyte":"il-6","value":160,"unit":"pg/mL"}]}},{"position":"F02","content":{"role":"calibrator","name":"S4.096","kind":"calibrator","nominals":[{"analyte":"il-6","value":4.096,"unit":"pg/mL"}]}},{"position":"F03","content":{"role":"control","level":"MQC","setNumber":1,"dilutionFactor":1,"nominals":[{"analyte":"il-6","value":80,"unit":"pg/mL"}]}},{"position":"G01","content":{"role":"calibrator","name":"S64","kind":"calibrator","nominals":[{"analyte":"il-6","value":64,"unit":"pg/mL"}]}},{"position":"G02","content":{"role":"calibrator","name":"S1.6","kind":"calibrator","nominals":[{"analyte":"il-6","value":1.6,"unit":"pg/mL"}]}},{"position":"G03","content":{"role":"control","level":"HQC","setNumber":1,"dilutionFactor":1,"nominals":[{"analyte":"il-6","value":500,"unit":"pg/mL"}]}},{"position":"H01","content":{"role":"calibrator","name":"S64","kind":"calibrator","nominals":[{"analyte":"il-6","value":64,"unit":"pg/mL"}]}},{"position":"H02","content":{"role":"calibrator","name":"S1.6","kind":"calibrator","nominals":[{"analyte":"il-6","value":1.6,"unit":"pg/mL"}]}},{"position":"H03","content":{"role":"control","level":"HQC","setNumber":1,"dilutionFactor":1,"nominals":[{"analyte":"il-6","value":500,"unit":"pg/mL"}]}}],"lots":[]}',1795368995465984,'keys/local',NULL);
INSERT INTO "plate_layout" VALUES(2,2,1,1,X'9B60039BBA1086DD22EAEDF6176F9698817CDB498E7F686C40FEFC47086AE4E5','{"assayId":"il-6","assayVersion":1,"wellCount":96,"wells":[{"position":"A01","content":{"role":"calibrator","name":"S1000","kind":"calibrator","nominals":[{"analyte":"il-6","value":1000,"unit":"pg/mL"}]}},{"position":"A02","content":{"role":"calibrator","name":"S25.6","kind":"calibrator","nominals":[{"analyte":"il-6","value":25.6,"unit":"pg/mL"}]}},{"position":"A03","content":{"role":"blank","name":"B"}},{"position":"A04","content":{"role":"unknown","sampleId":"V-0","dilutionFactor":1}},{"position":"B01","content":{"role":"calibrator","name":"S1000","kind":"calibrator","nominals":[{"analyte":"il-6","value":1000,"unit":"pg/mL"}]}},{"position":"B02","content":{"role":"calibrator","name":"S25.6","kind":"calibrator","nominals":[{"analyte":"il-6","value":25.6,"unit":"pg/mL"}]}},{"position":"B03","content":{"role":"blank","name":"B"}},{"position":"B04","content":{"role":"unknown","sampleId":"V-0","dilutionFactor":1}},{"position":"C01","content":{"role":"calibrator","name":"S400","kind":"calibrator","nominals":[{"analyte":"il-6","value":400,"unit":"pg/mL"}]}},{"position":"C02","content":{"role":"calibrator","name":"S10.24","kind":"calibrator","nominals":[{"analyte":"il-6","value":10.24,"unit":"pg/mL"}]}},{"position":"C03","content":{"role":"control","level":"LQC","setNumber":1,"dilutionFactor":1,"nominals":[{"analyte":"il-6","value":10,"unit":"pg/mL"}]}},{"position":"C04","content":{"role":"unknown","sampleId":"V-1","dilutionFactor":1}},{"position":"D01","content":{"role":"calibrator","name":"S400","kind":"calibrator","nominals":[{"analyte":"il-6","value":400,"unit":"pg/mL"}]}},{"position":"D02","content":{"role":"calibrator","name":"S10.24","kind":"calibrator","nominals":[{"analyte":"il-6","value":10.24,"unit":"pg/mL"}]}},{"position":"D03","content":{"role":"control","level":"LQC","setNumber":1,"dilutionFactor":1,"nominals":[{"analyte":"il-6","value":10,"unit":"pg/mL"}]}},{"position":"D04","content":{"role":"unknown","sampleId":"V-1","dilutionFactor":1}},{"position":"E01","content":{"role":"calibrator","name":"S160","kind":"calibrator","nominals":[{"analyte":"il-6","value":160,"unit":"pg/mL"}]}},{"position":"E02","content":{"role":"calibrator","name":"S4.096","kind":"calibrator","nominals":[{"analyte":"il-6","value":4.096,"unit":"pg/mL"}]}},{"position":"E03","content":{"role":"control","level":"MQC","setNumber":1,"dilutionFactor":1,"nominals":[{"analyte":"il-6","value":80,"unit":"pg/mL"}]}},{"position":"F01","content":{"role":"calibrator","name":"S160","kind":"calibrator","nominals":[{"analyte":"il-6","value":160,"unit":"pg/mL"}]}},{"position":"F02","content":{"role":"calibrator","name":"S4.096","kind":"calibrator","nominals":[{"analyte":"il-6","value":4.096,"unit":"pg/mL"}]}},{"position":"F03","content":{"role":"control","level":"MQC","setNumber":1,"dilutionFactor":1,"nominals":[{"analyte":"il-6","value":80,"unit":"pg/mL"}]}},{"position":"G01","content":{"role":"calibrator","name":"S64","kind":"calibrator","nominals":[{"analyte":"il-6","value":64,"unit":"pg/mL"}]}},{"position":"G02","content":{"role":"calibrator","name":"S1.6","kind":"calibrator","nominals":[{"analyte":"il-6","value":1.6,"unit":"pg/mL"}]}},{"position":"G03","content":{"role":"control","level":"HQC","setNumber":1,"dilutionFactor":1,"nominals":[{"analyte":"il-6","value":500,"unit":"pg/mL"}]}},{"position":"H01","content":{"role":"calibrator","name":"S64","kind":"calibrator","nominals":[{"analyte":"il-6","value":64,"unit":"pg/mL"}]}},{"position":"H02","content":{"role":"calibrator","name":"S1.6","kind":"calibrator","nominals":[{"analyte":"il-6","value":1.6,"unit":"pg/mL"}]}},{"position":"H03","content":{"role":"control","level":"HQC","setNumber":1,"dilutionFactor":1,"nominals":[{"analyte":"il-6","value":500,"unit":"pg/mL"}]}}],"lots":[]}',1795369001081889,'keys/local',NULL);
CREATE TABLE plate_read (
    read_key BIGINT NOT NULL PRIMARY KEY,
    plate_key BIGINT NOT NULL REFERENCES plate (plate_key),
    read_id TEXT NOT NULL,
    content BLOB NOT NULL,
    content_hash BLOB NOT NULL,
    instrument_id TEXT NOT NULL,
    operator_name TEXT,
    read_time BIGINT,
    receive_time BIGINT NOT NULL,
    stream_key BIGINT NOT NULL REFERENCES read_stream (stream_key),
    event_offset BIGINT NOT NULL,
    same_content_as BIGINT REFERENCES plate_read (read_key),
    UNIQUE (plate_key, read_id)
);
INSERT INTO "plate_read" VALUES(1,1,'38ba4a6b3369632b',X'01054F4C442D31600001010004696C2D360100000000000000001C0000000100020003000C000D000E000F00180019001A001B0024002500260027003000310032003C003D003E00480049004A00540055005600FB3A70CE885203404C37894160E5DC3FFE43FAEDEBC0A93FA857CA32C4B1F73F8BFD65F7E4610340B30C71AC8BDBDC3FC0EC9E3C2CD4AA3FEE5A423EE8D9F73F6666666666E60040986E1283C0CAC93F5BD3BCE3141DC93F9CA223B9FC87F73F1F85EB51B89E0040B1E1E995B20CC93FE561A1D634EFC83F4ED1915CFE43F83F62A1D634EF38F93FD95F764F1E16BA3F97FF907EFB3AF23F3E7958A835CDF93FB7D100DE0209BA3F0612143FC6DCF13FCEAACFD556ECED3FA4703D0AD7A3B03FF54A598638D60140083D9B559FABED3F696FF085C954B13FC05B2041F1630140000000',X'4CFF34A21A98E16EB724BAE21EFE71323EBE86F978C1BA3B6B0A94A79F7BBFA6','r1',NULL,NULL,1795368995362291,1,0,NULL);
INSERT INTO "plate_read" VALUES(2,2,'238b39b5e339daf9',X'01054F4C442D32600001010004696C2D360100000000000000001C0000000100020003000C000D000E000F00180019001A001B0024002500260027003000310032003C003D003E00480049004A00540055005600FB3A70CE885203404C37894160E5DC3FFE43FAEDEBC0A93FA857CA32C4B1F73F8BFD65F7E4610340B30C71AC8BDBDC3FC0EC9E3C2CD4AA3FEE5A423EE8D9F73F6666666666E60040986E1283C0CAC93F5BD3BCE3141DC93F9CA223B9FC87F73F1F85EB51B89E0040B1E1E995B20CC93FE561A1D634EFC83F4ED1915CFE43F83F62A1D634EF38F93FD95F764F1E16BA3F97FF907EFB3AF23F3E7958A835CDF93FB7D100DE0209BA3F0612143FC6DCF13FCEAACFD556ECED3FA4703D0AD7A3B03FF54A598638D60140083D9B559FABED3F696FF085C954B13FC05B2041F1630140000000',X'1BCECBA9AF2CECF8345AFA58A837FA16AD4D94448594E9A6E6636E643835F735','r1',NULL,NULL,1795369001053061,1,1,NULL);
INSERT INTO "plate_read" VALUES(3,3,'3a5bf0c08b74c230',X'01054F4C442D33600001010004696C2D360100000000000000001C0000000100020003000C000D000E000F00180019001A001B0024002500260027003000310032003C003D003E00480049004A00540055005600FB3A70CE885203404C37894160E5DC3FFE43FAEDEBC0A93FA857CA32C4B1F73F8BFD65F7E4610340B30C71AC8BDBDC3FC0EC9E3C2CD4AA3FEE5A423EE8D9F73F6666666666E60040986E1283C0CAC93F5BD3BCE3141DC93F9CA223B9FC87F73F1F85EB51B89E0040B1E1E995B20CC93FE561A1D634EFC83F4ED1915CFE43F83F62A1D634EF38F93FD95F764F1E16BA3F97FF907EFB3AF23F3E7958A835CDF93FB7D100DE0209BA3F0612143FC6DCF13FCEAACFD556ECED3FA4703D0AD7A3B03FF54A598638D60140083D9B559FABED3F696FF085C954B13FC05B2041F1630140000000',X'A32075CE433517034DA1AF21B555F4C92B901FD1501928F774E7F1FA543B12C3','r1',NULL,NULL,1795369004305629,1,2,NULL);
CREATE TABLE qc_flag (
    run_key BIGINT NOT NULL REFERENCES analytical_run (run_key),
    ordinal INTEGER NOT NULL,
    code TEXT NOT NULL,
    level INTEGER NOT NULL,
    severity INTEGER NOT NULL,
    rule TEXT NOT NULL,
    analyte TEXT,
    subject TEXT,
    observed DOUBLE PRECISION,
    limit_value DOUBLE PRECISION,
    clause TEXT,
    wells TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (run_key, ordinal)
);
INSERT INTO "qc_flag" VALUES(1,0,'C_LIMIT_MOVED',4,1,'quantification-limits@1','il-6','LLOQ',1.6,0.16,'ICH M10 (2022), LBA','','The LLOQ of il-6 moved from 0.16 to 1.6 pg/mL: no acceptable calibrator supports it.');
INSERT INTO "qc_flag" VALUES(1,1,'P_LAYOUT_HOLE',5,1,'controls-present@1','il-6',NULL,0.0,3.0,'ICH M10 (2022), LBA','','0 levels of controls with an assigned concentration of il-6 stand in 2 sets or more; expected at least 3 levels.');
INSERT INTO "qc_flag" VALUES(1,2,'S_ABOVE_ULOQ',3,0,'quantification-range@1','il-6','U0-0',1.39593265167002272169e+02,10.0,NULL,'A04 B04','Sample U0-0 is above the ULOQ: more than 10 pg/mL.');
INSERT INTO "qc_flag" VALUES(1,3,'S_ABOVE_ULOQ',3,0,'quantification-range@1','il-6','U0-1',1.41158253467631908503e+02,10.0,NULL,'C04 D04','Sample U0-1 is above the ULOQ: more than 10 pg/mL.');
INSERT INTO "qc_flag" VALUES(2,0,'C_LIMIT_MOVED',4,1,'quantification-limits@1','il-6','LLOQ',1.6,0.16,'ICH M10 (2022), LBA','','The LLOQ of il-6 moved from 0.16 to 1.6 pg/mL: no acceptable calibrator supports it.');
INSERT INTO "qc_flag" VALUES(2,1,'P_LAYOUT_HOLE',5,1,'controls-present@1','il-6',NULL,0.0,3.0,'ICH M10 (2022), LBA','','0 levels of controls with an assigned concentration of il-6 stand in 2 sets or more; expected at least 3 levels.');
INSERT INTO "qc_flag" VALUES(2,2,'S_ABOVE_ULOQ',3,0,'quantification-range@1','il-6','V-0',1.39593265167002272169e+02,10.0,NULL,'A04 B04','Sample V-0 is above the ULOQ: more than 10 pg/mL.');
INSERT INTO "qc_flag" VALUES(2,3,'S_ABOVE_ULOQ',3,0,'quantification-range@1','il-6','V-1',1.41158253467631908503e+02,10.0,NULL,'C04 D04','Sample V-1 is above the ULOQ: more than 10 pg/mL.');
CREATE TABLE quarantined_event (
    quarantine_key BIGINT NOT NULL PRIMARY KEY,
    stream_key BIGINT NOT NULL REFERENCES read_stream (stream_key),
    event_offset BIGINT NOT NULL,
    content_hash BLOB NOT NULL,
    content BLOB,
    reason TEXT NOT NULL,
    faults TEXT NOT NULL,
    receive_time BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    send_time BIGINT,
    UNIQUE (stream_key, event_offset, content_hash)
);
CREATE TABLE read_stream (
    stream_key BIGINT NOT NULL PRIMARY KEY,
    instrument_id TEXT NOT NULL,
    stream_id TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    next_offset BIGINT NOT NULL,
    chain_hash BLOB NOT NULL,
    open_time BIGINT NOT NULL,
    last_event_time BIGINT,
    UNIQUE (instrument_id, stream_id)
);
INSERT INTO "read_stream" VALUES(1,'r1','s1',3,3,X'4FA882338C668137DDACD144C9F40AB9D301B3F736AF3CB96C02A97805900E2B',1795369003902420,1795369004305629);
CREATE TABLE result (
    result_key BIGINT NOT NULL PRIMARY KEY,
    plate_key BIGINT NOT NULL REFERENCES plate (plate_key),
    sample_id TEXT NOT NULL,
    analyte TEXT NOT NULL,
    dilution_factor DOUBLE PRECISION NOT NULL,
    UNIQUE (plate_key, sample_id, analyte, dilution_factor)
);
INSERT INTO "result" VALUES(1,1,'U0-0','il-6',1.0);
INSERT INTO "result" VALUES(2,1,'U0-1','il-6',1.0);
INSERT INTO "result" VALUES(3,2,'V-0','il-6',1.0);
INSERT INTO "result" VALUES(4,2,'V-1','il-6',1.0);
CREATE TABLE result_version (
    version_key BIGINT NOT NULL PRIMARY KEY,
    result_key BIGINT NOT NULL REFERENCES result (result_key),
    version INTEGER NOT NULL,
    run_key BIGINT NOT NULL REFERENCES analytical_run (run_key),
    ordinal INTEGER NOT NULL,
    status INTEGER NOT NULL,
    supersedes_version INTEGER,
    reason TEXT,
    unit TEXT NOT NULL,
    range_status INTEGER NOT NULL,
    concentration DOUBLE PRECISION,
    limit_value DOUBLE PRECISION,
    lower_bound DOUBLE PRECISION,
    upper_bound DOUBLE PRECISION,
    cv_percent DOUBLE PRECISION,
    extrapolated_concentration DOUBLE PRECISION,
    mean_response DOUBLE PRECISION,
    response_variance DOUBLE PRECISION,
    ln_concentration_gradient BLOB,
    wells TEXT NOT NULL,
    flag_codes TEXT NOT NULL,
    specimen TEXT,
    create_time BIGINT NOT NULL,
    UNIQUE (result_key, version)
);
INSERT INTO "result_version" VALUES(1,1,1,1,0,1,NULL,NULL,'pg/mL',3,NULL,10.0,NULL,NULL,9.83309959114534448687e-01,1.39593265167002272169e+02,1.4858,2.28323099780193170763e-04,X'2C991B88C82DE4BFB4E1632CB63AE9BF915F2EFD24AF853F16C51C30CE7DD73F43F1C158E984F03F','A04 B04','C_LIMIT_MOVED P_LAYOUT_HOLE S_ABOVE_ULOQ',NULL,1795368997353471);
INSERT INTO "result_version" VALUES(2,2,1,1,1,1,NULL,NULL,'pg/mL',3,NULL,10.0,NULL,NULL,4.61234021258353,1.41158253467631908503e+02,1.49365,2.30742094399247134502e-04,X'2B3247F44713E4BFEE1648082A69E9BF915F2EFD24AF853F8D98037A6929D83F732C5F8BD07BF03F','C04 D04','C_LIMIT_MOVED P_LAYOUT_HOLE S_ABOVE_ULOQ',NULL,1795368997353471);
INSERT INTO "result_version" VALUES(3,3,1,2,0,1,NULL,NULL,'pg/mL',3,NULL,10.0,NULL,NULL,9.83309959114534448687e-01,1.39593265167002272169e+02,1.4858,2.28323099780193170763e-04,X'2C991B88C82DE4BFB4E1632CB63AE9BF915F2EFD24AF853F16C51C30CE7DD73F43F1C158E984F03F','A04 B04','C_LIMIT_MOVED P_LAYOUT_HOLE S_ABOVE_ULOQ',NULL,1795369001182747);
INSERT INTO "result_version" VALUES(4,4,1,2,1,1,NULL,NULL,'pg/mL',3,NULL,10.0,NULL,NULL,4.61234021258353,1.41158253467631908503e+02,1.49365,2.30742094399247134502e-04,X'2B3247F44713E4BFEE1648082A69E9BF915F2EFD24AF853F8D98037A6929D83F732C5F8BD07BF03F','C04 D04','C_LIMIT_MOVED P_LAYOUT_HOLE S_ABOVE_ULOQ',NULL,1795369001182747);
CREATE TABLE rule_pack (
    name TEXT NOT NULL PRIMARY KEY,
    content_hash BLOB NOT NULL,
    definition TEXT NOT NULL
);
INSERT INTO "rule_pack" VALUES('ich-m10-lba-draft@2022',X'2FBDCBB628F422E1DCB10644E901380226A39746D8ABE9B7579C8808679844D4','{"name":"ich-m10-lba-draft@2022","displayName":"ICH M10 ligand binding assays (draft)","rules":[{"rule":"well-status@1","limits":{},"severity":"warning"},{"rule":"negative-response@1","limits":{},"severity":"notice"},{"rule":"bead-count@1","limits":{"minimumBeads":35},"severity":"warning","clause":"MILLIPLEX data analysis (advice of the kit''s maker)"},{"rule":"layout-holes@1","limits":{},"severity":"warning"},{"rule":"blank-response@1","limits":{},"severity":"warning"},{"rule":"undefined-weight@1","limits":{},"severity":"warning"},{"rule":"curve-convergence@1","limits":{},"severity":"reject"},{"rule":"curve-conditioning@1","limits":{"maximumConditionNumber":1000000},"severity":"warning"},{"rule":"monotone-calibrators@1","limits":{},"severity":"warning"},{"rule":"calibrator-recovery@1","limits":{"recoveryPercent":20,"limitRecoveryPercent":25,"replicatesWithinPercent":0},"severity":"warning","clause":"ICH M10 (2022), LBA"},{"rule":"curve-acceptance@1","limits":{"acceptedPercent":75,"minimumLevels":6},"severity":"reject","clause":"ICH M10 (2022) 4.2.3"},{"rule":"quantification-limits@1","limits":{},"severity":"warning","clause":"ICH M10 (2022), LBA"},{"rule":"controls-present@1","limits":{"minimumLevels":3,"minimumSets":2},"severity":"warning","clause":"ICH M10 (2022), LBA"},{"rule":"control-accuracy@1","limits":{"accuracyPercent":20,"overallNumerator":2,"overallDenominator":3,"levelNumerator":1,"levelDenominator":2},"severity":"reject","clause":"ICH M10 (2022), LBA"},{"rule":"replicate-cv@1","limits":{"cvPercent":20,"lloqCvPercent":25,"lloqFactor":1.25},"severity":"warning"},{"rule":"quantification-range@1","limits":{},"severity":"notice"},{"rule":"interval-bounds@1","limits":{},"severity":"notice"},{"rule":"run-verdict@1","limits":{},"severity":"reject"}]}');
CREATE TABLE run_lot (
    run_key BIGINT NOT NULL REFERENCES analytical_run (run_key),
    ordinal INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    lot_number TEXT NOT NULL,
    expiry_date TEXT,
    PRIMARY KEY (run_key, ordinal)
);
CREATE TABLE schema_version (number INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, apply_time BIGINT NOT NULL);
INSERT INTO "schema_version" VALUES(1,'0001_initial',1795368989777092);
CREATE TABLE standard_curve (
    run_key BIGINT NOT NULL REFERENCES analytical_run (run_key),
    ordinal INTEGER NOT NULL,
    analyte TEXT NOT NULL,
    unit TEXT NOT NULL,
    model TEXT NOT NULL,
    weights TEXT NOT NULL,
    parameters BLOB NOT NULL,
    covariance BLOB,
    weighted_sum_of_squares DOUBLE PRECISION,
    degrees_of_freedom INTEGER NOT NULL,
    termination INTEGER NOT NULL,
    iteration_count INTEGER NOT NULL,
    condition_number DOUBLE PRECISION,
    parameters_at_bound TEXT NOT NULL,
    failure TEXT,
    is_accepted BOOLEAN NOT NULL,
    lloq DOUBLE PRECISION,
    uloq DOUBLE PRECISION,
    blank_mean_response DOUBLE PRECISION,
    calibrators TEXT NOT NULL,
    PRIMARY KEY (run_key, ordinal)
);
INSERT INTO "standard_curve" VALUES(1,0,'il-6','pg/mL','5pl','1/y2',X'893D4EDC0E81A93F496DA391191305405F9B04DD989C5740D015800AD407F1BF39D62DF4D68EF23F',X'E297B97510B3CA3E1066304D2442093FB4914522F0E38CBF07F24D2C7595143FDC0637F5584C253F1066304D2442093F8669E5B39721683FBCDF7DC1CF7DD5BF43D34C6DC9F4683FECFEE3D6C1FD743FB4914522F0E38CBFBCDF7DC1CF7DD5BF6089007FCBBF5540B6A01FC3AE30E1BF2E8F5060EA83F0BF07F24D2C7595143F43D34C6DC9F4683FB6A01FC3AE30E1BF1FDE0D1D6871703F37988B649B377D3FDC0637F5584C253FECFEE3D6C1FD743F2E8F5060EA83F0BF37988B649B377D3F7976BFC2E3DD8A3F',2.27536893620184548295e-03,11,0,11,8.67607465943589914979e+01,'',NULL,1,1.6,10.0,0.05135,'[{"name":"S1.6","kind":"calibrator","nominal":1.6,"wells":["G02","H02"],"meanResponse":0.06634999999999999,"responseCvPercent":2.877450352982177,"backCalculated":1.5973771365011062,"recoveryPercent":99.83607103131914,"inFit":true,"isAccepted":true,"wellConcentrations":[1.48961890121774,1.7036633512576034]},{"name":"S4.096","kind":"calibrator","nominal":4.096,"wells":["E02","F02"],"meanResponse":0.1018,"responseCvPercent":0.13892078215846124,"backCalculated":4.124410329258637,"recoveryPercent":100.69361155416595,"inFit":true,"isAccepted":true,"wellConcentrations":[4.131064930153845,4.1177540599413565]},{"name":"S10.24","kind":"calibrator","nominal":10.24,"wells":["C02","D02"],"meanResponse":0.1986,"responseCvPercent":2.0650651212900177,"backCalculated":10.170436150528712,"recoveryPercent":99.32066553250695,"inFit":true,"isAccepted":true,"wellConcentrations":[10.345923724022567,9.994832129082313]},{"name":"S25.6","kind":"calibrator","nominal":25.6,"wells":["A02","B02"],"meanResponse":0.45120000000000005,"responseCvPercent":0.09403015707267753,"backCalculated":25.792056601951067,"recoveryPercent":100.75022110137135,"inFit":true,"isAccepted":true,"wellConcentrations":[25.811594683079925,25.77252187931064]},{"name":"S64","kind":"calibrator","nominal":64,"wells":["G01","H01"],"meanResponse":0.93115,"responseCvPercent":0.5999187640416408,"backCalculated":63.404044318917734,"recoveryPercent":99.06881924830896,"inFit":true,"isAccepted":true,"wellConcentrations":[63.78559254969925,63.02403899276181]},{"name":"S160","kind":"calibrator","nominal":160,"wells":["E01","F01"],"meanResponse":1.5945,"responseCvPercent":1.6053474743777378,"backCalculated":163.23157088536206,"recoveryPercent":102.01973180335128,"inFit":true,"isAccepted":true,"wellConcentrations":[158.978529433231,167.62666681579273]},{"name":"S400","kind":"calibrator","nominal":400,"wells":["C01","D01"],"meanResponse":2.0949999999999998,"responseCvPercent":1.1813239781159404,"backCalculated":385.8084999379938,"recoveryPercent":96.45212498449845,"inFit":true,"isAccepted":true,"wellConcentrations":[400.9131299400307,371.6174367636484]},{"name":"S1000","kind":"calibrator","nominal":1000,"wells":["A01","B01"],"meanResponse":2.41905,"responseCvPercent":0.21923072523921816,"backCalculated":1039.3451091602385,"recoveryPercent":103.93451091602385,"inFit":true,"isAccepted":true,"wellConcentrations":[1021.2052124049486,1058.1066128160685]}]');
INSERT INTO "standard_curve" VALUES(2,0,'il-6','pg/mL','5pl','1/y2',X'893D4EDC0E81A93F496DA391191305405F9B04DD989C5740D015800AD407F1BF39D62DF4D68EF23F',X'E297B97510B3CA3E1066304D2442093FB4914522F0E38CBF07F24D2C7595143FDC0637F5584C253F1066304D2442093F8669E5B39721683FBCDF7DC1CF7DD5BF43D34C6DC9F4683FECFEE3D6C1FD743FB4914522F0E38CBFBCDF7DC1CF7DD5BF6089007FCBBF5540B6A01FC3AE30E1BF2E8F5060EA83F0BF07F24D2C7595143F43D34C6DC9F4683FB6A01FC3AE30E1BF1FDE0D1D6871703F37988B649B377D3FDC0637F5584C253FECFEE3D6C1FD743F2E8F5060EA83F0BF37988B649B377D3F7976BFC2E3DD8A3F',2.27536893620184548295e-03,11,0,11,8.67607465943589914979e+01,'',NULL,1,1.6,10.0,0.05135,'[{"name":"S1.6","kind":"calibrator","nominal":1.6,"wells":["G02","H02"],"meanResponse":0.06634999999999999,"responseCvPercent":2.877450352982177,"backCalculated":1.5973771365011062,"recoveryPercent":99.83607103131914,"inFit":true,"isAccepted":true,"wellConcentrations":[1.48961890121774,1.7036633512576034]},{"name":"S4.096","kind":"calibrator","nominal":4.096,"wells":["E02","F02"],"meanResponse":0.1018,"responseCvPercent":0.13892078215846124,"backCalculated":4.124410329258637,"recoveryPercent":100.69361155416595,"inFit":true,"isAccepted":true,"wellConcentrations":[4.131064930153845,4.1177540599413565]},{"name":"S10.24","kind":"calibrator","nominal":10.24,"wells":["C02","D02"],"meanResponse":0.1986,"responseCvPercent":2.0650651212900177,"backCalculated":10.170436150528712,"recoveryPercent":99.32066553250695,"inFit":true,"isAccepted":true,"wellConcentrations":[10.345923724022567,9.994832129082313]},{"name":"S25.6","kind":"calibrator","nominal":25.6,"wells":["A02","B02"],"meanResponse":0.45120000000000005,"responseCvPercent":0.09403015707267753,"backCalculated":25.792056601951067,"recoveryPercent":100.75022110137135,"inFit":true,"isAccepted":true,"wellConcentrations":[25.811594683079925,25.77252187931064]},{"name":"S64","kind":"calibrator","nominal":64,"wells":["G01","H01"],"meanResponse":0.93115,"responseCvPercent":0.5999187640416408,"backCalculated":63.404044318917734,"recoveryPercent":99.06881924830896,"inFit":true,"isAccepted":true,"wellConcentrations":[63.78559254969925,63.02403899276181]},{"name":"S160","kind":"calibrator","nominal":160,"wells":["E01","F01"],"meanResponse":1.5945,"responseCvPercent":1.6053474743777378,"backCalculated":163.23157088536206,"recoveryPercent":102.01973180335128,"inFit":true,"isAccepted":true,"wellConcentrations":[158.978529433231,167.62666681579273]},{"name":"S400","kind":"calibrator","nominal":400,"wells":["C01","D01"],"meanResponse":2.0949999999999998,"responseCvPercent":1.1813239781159404,"backCalculated":385.8084999379938,"recoveryPercent":96.45212498449845,"inFit":true,"isAccepted":true,"wellConcentrations":[400.9131299400307,371.6174367636484]},{"name":"S1000","kind":"calibrator","nominal":1000,"wells":["A01","B01"],"meanResponse":2.41905,"responseCvPercent":0.21923072523921816,"backCalculated":1039.3451091602385,"recoveryPercent":103.93451091602385,"inFit":true,"isAccepted":true,"wellConcentrations":[1021.2052124049486,1058.1066128160685]}]');
CREATE TABLE stream_event (
    stream_key BIGINT NOT NULL REFERENCES read_stream (stream_key),
    event_offset BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    content BLOB NOT NULL,
    content_hash BLOB NOT NULL,
    chain_hash BLOB NOT NULL,
    receive_time BIGINT NOT NULL,
    send_time BIGINT,
    PRIMARY KEY (stream_key, event_offset)
);
INSERT INTO "stream_event" VALUES(1,0,1,X'0AF30A0A054F4C442D31121033386261346136623333363936333262186020013A89020A04696C2D361001221C000102030C0D0E0F18191A1B242526273031323C3D3E48494A5455562AE001FB3A70CE885203404C37894160E5DC3FFE43FAEDEBC0A93FA857CA32C4B1F73F8BFD65F7E4610340B30C71AC8BDBDC3FC0EC9E3C2CD4AA3FEE5A423EE8D9F73F6666666666E60040986E1283C0CAC93F5BD3BCE3141DC93F9CA223B9FC87F73F1F85EB51B89E0040B1E1E995B20CC93FE561A1D634EFC83F4ED1915CFE43F83F62A1D634EF38F93FD95F764F1E16BA3F97FF907EFB3AF23F3E7958A835CDF93FB7D100DE0209BA3F0612143FC6DCF13FCEAACFD556ECED3FA4703D0AD7A3B03FF54A598638D60140083D9B559FABED3F696FF085C954B13FC05B2041F163014042C7080A0B6173736179732F696C2D3610601A280A0341303112210A05533130303010011A160A04696C2D36110000000000408F401A0570672F6D4C1A280A0341303212210A055332352E3610011A160A04696C2D36119A999999999939401A0570672F6D4C1A0A0A034130332A030A01421A160A03413034220F0A0455302D3011000000000000F03F1A280A0342303112210A05533130303010011A160A04696C2D36110000000000408F401A0570672F6D4C1A280A0342303212210A055332352E3610011A160A04696C2D36119A999999999939401A0570672F6D4C1A0A0A034230332A030A01421A160A03423034220F0A0455302D3011000000000000F03F1A270A0343303112200A045334303010011A160A04696C2D361100000000000079401A0570672F6D4C1A290A0343303212220A065331302E323410011A160A04696C2D36117B14AE47E17A24401A0570672F6D4C1A2F0A034330331A280A034C5143100121000000000000F03F2A160A04696C2D361100000000000024401A0570672F6D4C1A160A03433034220F0A0455302D3111000000000000F03F1A270A0344303112200A045334303010011A160A04696C2D361100000000000079401A0570672F6D4C1A290A0344303212220A065331302E323410011A160A04696C2D36117B14AE47E17A24401A0570672F6D4C1A2F0A034430331A280A034C5143100121000000000000F03F2A160A04696C2D361100000000000024401A0570672F6D4C1A160A03443034220F0A0455302D3111000000000000F03F1A270A0345303112200A045331363010011A160A04696C2D361100000000000064401A0570672F6D4C1A290A0345303212220A0653342E30393610011A160A04696C2D3611FCA9F1D24D6210401A0570672F6D4C1A2F0A034530331A280A034D5143100121000000000000F03F2A160A04696C2D361100000000000054401A0570672F6D4C1A270A0346303112200A045331363010011A160A04696C2D361100000000000064401A0570672F6D4C1A290A0346303212220A0653342E30393610011A160A04696C2D3611FCA9F1D24D6210401A0570672F6D4C1A2F0A034630331A280A034D5143100121000000000000F03F2A160A04696C2D361100000000000054401A0570672F6D4C1A260A03473031121F0A0353363410011A160A04696C2D361100000000000050401A0570672F6D4C1A270A0347303212200A0453312E3610011A160A04696C2D36119A9999999999F93F1A0570672F6D4C1A2F0A034730331A280A03485143100121000000000000F03F2A160A04696C2D36110000000000407F401A0570672F6D4C1A260A03483031121F0A0353363410011A160A04696C2D361100000000000050401A0570672F6D4C1A270A0348303212200A0453312E3610011A160A04696C2D36119A9999999999F93F1A0570672F6D4C1A2F0A034830331A280A03485143100121000000000000F03F2A160A04696C2D36110000000000407F401A0570672F6D4C',X'CDE79216E29A4A9D13FDA267A6B4FFAEB2B0BB58F804F017CBDBB3AF810D5DA8',X'CA8946B13DD680A2E0089014A597E29057EC3C6FC1A018BF5DC6AEFE457F0132',1795368995362291,1795368995337152);
INSERT INTO "stream_event" VALUES(1,1,2,X'0AEF0A0A054F4C442D32121032333862333962356533333964616639186020013A89020A04696C2D361001221C000102030C0D0E0F18191A1B242526273031323C3D3E48494A5455562AE001FB3A70CE885203404C37894160E5DC3FFE43FAEDEBC0A93FA857CA32C4B1F73F8BFD65F7E4610340B30C71AC8BDBDC3FC0EC9E3C2CD4AA3FEE5A423EE8D9F73F6666666666E60040986E1283C0CAC93F5BD3BCE3141DC93F9CA223B9FC87F73F1F85EB51B89E0040B1E1E995B20CC93FE561A1D634EFC83F4ED1915CFE43F83F62A1D634EF38F93FD95F764F1E16BA3F97FF907EFB3AF23F3E7958A835CDF93FB7D100DE0209BA3F0612143FC6DCF13FCEAACFD556ECED3FA4703D0AD7A3B03FF54A598638D60140083D9B559FABED3F696FF085C954B13FC05B2041F163014042C3080A0B6173736179732F696C2D3610601A280A0341303112210A05533130303010011A160A04696C2D36110000000000408F401A0570672F6D4C1A280A0341303212210A055332352E3610011A160A04696C2D36119A999999999939401A0570672F6D4C1A0A0A034130332A030A01421A150A03413034220E0A03562D3011000000000000F03F1A280A0342303112210A05533130303010011A160A04696C2D36110000000000408F401A0570672F6D4C1A280A0342303212210A055332352E3610011A160A04696C2D36119A999999999939401A0570672F6D4C1A0A0A034230332A030A01421A150A03423034220E0A03562D3011000000000000F03F1A270A0343303112200A045334303010011A160A04696C2D361100000000000079401A0570672F6D4C1A290A0343303212220A065331302E323410011A160A04696C2D36117B14AE47E17A24401A0570672F6D4C1A2F0A034330331A280A034C5143100121000000000000F03F2A160A04696C2D361100000000000024401A0570672F6D4C1A150A03433034220E0A03562D3111000000000000F03F1A270A0344303112200A045334303010011A160A04696C2D361100000000000079401A0570672F6D4C1A290A0344303212220A065331302E323410011A160A04696C2D36117B14AE47E17A24401A0570672F6D4C1A2F0A034430331A280A034C5143100121000000000000F03F2A160A04696C2D361100000000000024401A0570672F6D4C1A150A03443034220E0A03562D3111000000000000F03F1A270A0345303112200A045331363010011A160A04696C2D361100000000000064401A0570672F6D4C1A290A0345303212220A0653342E30393610011A160A04696C2D3611FCA9F1D24D6210401A0570672F6D4C1A2F0A034530331A280A034D5143100121000000000000F03F2A160A04696C2D361100000000000054401A0570672F6D4C1A270A0346303112200A045331363010011A160A04696C2D361100000000000064401A0570672F6D4C1A290A0346303212220A0653342E30393610011A160A04696C2D3611FCA9F1D24D6210401A0570672F6D4C1A2F0A034630331A280A034D5143100121000000000000F03F2A160A04696C2D361100000000000054401A0570672F6D4C1A260A03473031121F0A0353363410011A160A04696C2D361100000000000050401A0570672F6D4C1A270A0347303212200A0453312E3610011A160A04696C2D36119A9999999999F93F1A0570672F6D4C1A2F0A034730331A280A03485143100121000000000000F03F2A160A04696C2D36110000000000407F401A0570672F6D4C1A260A03483031121F0A0353363410011A160A04696C2D361100000000000050401A0570672F6D4C1A270A0348303212200A0453312E3610011A160A04696C2D36119A9999999999F93F1A0570672F6D4C1A2F0A034830331A280A03485143100121000000000000F03F2A160A04696C2D36110000000000407F401A0570672F6D4C',X'2511435186FBCC223C69405AEDDE0F6B6AAAB3AC38AE3E507A6A948E0E9405FF',X'666CB83BDA9B726958F6D70B4D20396114CFEFCCDC2A494F21A14DB2F9EE34F1',1795369001053061,1795369001037300);
INSERT INTO "stream_event" VALUES(1,2,3,X'0AA9020A054F4C442D33121033613562663063303862373463323330186020013A89020A04696C2D361001221C000102030C0D0E0F18191A1B242526273031323C3D3E48494A5455562AE001FB3A70CE885203404C37894160E5DC3FFE43FAEDEBC0A93FA857CA32C4B1F73F8BFD65F7E4610340B30C71AC8BDBDC3FC0EC9E3C2CD4AA3FEE5A423EE8D9F73F6666666666E60040986E1283C0CAC93F5BD3BCE3141DC93F9CA223B9FC87F73F1F85EB51B89E0040B1E1E995B20CC93FE561A1D634EFC83F4ED1915CFE43F83F62A1D634EF38F93FD95F764F1E16BA3F97FF907EFB3AF23F3E7958A835CDF93FB7D100DE0209BA3F0612143FC6DCF13FCEAACFD556ECED3FA4703D0AD7A3B03FF54A598638D60140083D9B559FABED3F696FF085C954B13FC05B2041F1630140',X'CC28A036455683B105BE732205CD8E8B81BB12941728F05EE603A96E0F3FFEEC',X'4FA882338C668137DDACD144C9F40AB9D301B3F736AF3CB96C02A97805900E2B',1795369004305629,1795369004302237);
CREATE TABLE work_item (
    work_key BIGINT NOT NULL PRIMARY KEY,
    inputs_hash BLOB NOT NULL UNIQUE,
    plate_key BIGINT NOT NULL REFERENCES plate (plate_key),
    read_key BIGINT NOT NULL REFERENCES plate_read (read_key),
    layout_key BIGINT NOT NULL REFERENCES plate_layout (layout_key),
    assay_key BIGINT NOT NULL REFERENCES assay (assay_key),
    rule_pack TEXT NOT NULL REFERENCES rule_pack (name),
    state INTEGER NOT NULL,
    holder TEXT NOT NULL,
    generation BIGINT NOT NULL,
    attempts INTEGER NOT NULL,
    beat BIGINT NOT NULL,
    last_error TEXT,
    run_key BIGINT,
    create_time BIGINT NOT NULL,
    update_time BIGINT NOT NULL
);
INSERT INTO "work_item" VALUES(1,X'730F5DCA340DAA948B09B3D8AC814DAB9EAF72EB9AF578B7C46068E62D4E1FD6',1,1,1,1,'ich-m10-lba-draft@2022',2,'0123456789abcdef0123456789abcdef',1,1,0,NULL,1,1795368995465984,1795368997353471);
INSERT INTO "work_item" VALUES(2,X'3C6DF1ABDA753A759EAEDE001160BC2779F6BB15A704260458C7BE2B8FC7B3F8',2,2,2,1,'ich-m10-lba-draft@2022',2,'0123456789abcdef0123456789abcdef',1,1,0,NULL,2,1795369001081889,1795369001182747);
CREATE INDEX change_feed_by_target ON change_feed (kind, target_key);
CREATE INDEX plate_by_change ON plate (change_key);
CREATE INDEX work_item_by_plate ON work_item (plate_key);
CREATE INDEX work_item_open ON work_item (work_key) WHERE state = 1;
CREATE INDEX analytical_run_by_plate ON analytical_run (plate_key, run_key);
CREATE INDEX result_by_sample ON result (sample_id);
CREATE INDEX result_version_by_run ON result_version (run_key, ordinal);
CREATE TRIGGER audit_event_no_update BEFORE UPDATE ON audit_event BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END;
CREATE TRIGGER audit_event_no_delete BEFORE DELETE ON audit_event BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END;
CREATE TRIGGER change_feed_no_update BEFORE UPDATE ON change_feed BEGIN SELECT RAISE(ABORT, 'change_feed is append-only'); END;
CREATE TRIGGER change_feed_no_delete BEFORE DELETE ON change_feed BEGIN SELECT RAISE(ABORT, 'change_feed is append-only'); END;
CREATE TRIGGER assay_no_update BEFORE UPDATE ON assay BEGIN SELECT RAISE(ABORT, 'assay is append-only'); END;
CREATE TRIGGER assay_no_delete BEFORE DELETE ON assay BEGIN SELECT RAISE(ABORT, 'assay is append-only'); END;
CREATE TRIGGER rule_pack_no_update BEFORE UPDATE ON rule_pack BEGIN SELECT RAISE(ABORT, 'rule_pack is append-only'); END;
CREATE TRIGGER rule_pack_no_delete BEFORE DELETE ON rule_pack BEGIN SELECT RAISE(ABORT, 'rule_pack is append-only'); END;
CREATE TRIGGER stream_event_no_update BEFORE UPDATE ON stream_event BEGIN SELECT RAISE(ABORT, 'stream_event is append-only'); END;
CREATE TRIGGER stream_event_no_delete BEFORE DELETE ON stream_event BEGIN SELECT RAISE(ABORT, 'stream_event is append-only'); END;
CREATE TRIGGER quarantined_event_no_update BEFORE UPDATE ON quarantined_event BEGIN SELECT RAISE(ABORT, 'quarantined_event is append-only'); END;
CREATE TRIGGER quarantined_event_no_delete BEFORE DELETE ON quarantined_event BEGIN SELECT RAISE(ABORT, 'quarantined_event is append-only'); END;
CREATE TRIGGER plate_layout_no_update BEFORE UPDATE ON plate_layout BEGIN SELECT RAISE(ABORT, 'plate_layout is append-only'); END;
CREATE TRIGGER plate_layout_no_delete BEFORE DELETE ON plate_layout BEGIN SELECT RAISE(ABORT, 'plate_layout is append-only'); END;
CREATE TRIGGER plate_read_no_update BEFORE UPDATE ON plate_read BEGIN SELECT RAISE(ABORT, 'plate_read is append-only'); END;
CREATE TRIGGER plate_read_no_delete BEFORE DELETE ON plate_read BEGIN SELECT RAISE(ABORT, 'plate_read is append-only'); END;
CREATE TRIGGER analytical_run_no_update BEFORE UPDATE ON analytical_run BEGIN SELECT RAISE(ABORT, 'analytical_run is append-only'); END;
CREATE TRIGGER analytical_run_no_delete BEFORE DELETE ON analytical_run BEGIN SELECT RAISE(ABORT, 'analytical_run is append-only'); END;
CREATE TRIGGER standard_curve_no_update BEFORE UPDATE ON standard_curve BEGIN SELECT RAISE(ABORT, 'standard_curve is append-only'); END;
CREATE TRIGGER standard_curve_no_delete BEFORE DELETE ON standard_curve BEGIN SELECT RAISE(ABORT, 'standard_curve is append-only'); END;
CREATE TRIGGER control_point_no_update BEFORE UPDATE ON control_point BEGIN SELECT RAISE(ABORT, 'control_point is append-only'); END;
CREATE TRIGGER control_point_no_delete BEFORE DELETE ON control_point BEGIN SELECT RAISE(ABORT, 'control_point is append-only'); END;
CREATE TRIGGER run_lot_no_update BEFORE UPDATE ON run_lot BEGIN SELECT RAISE(ABORT, 'run_lot is append-only'); END;
CREATE TRIGGER run_lot_no_delete BEFORE DELETE ON run_lot BEGIN SELECT RAISE(ABORT, 'run_lot is append-only'); END;
CREATE TRIGGER qc_flag_no_update BEFORE UPDATE ON qc_flag BEGIN SELECT RAISE(ABORT, 'qc_flag is append-only'); END;
CREATE TRIGGER qc_flag_no_delete BEFORE DELETE ON qc_flag BEGIN SELECT RAISE(ABORT, 'qc_flag is append-only'); END;
CREATE TRIGGER result_no_update BEFORE UPDATE ON result BEGIN SELECT RAISE(ABORT, 'result is append-only'); END;
CREATE TRIGGER result_no_delete BEFORE DELETE ON result BEGIN SELECT RAISE(ABORT, 'result is append-only'); END;
CREATE TRIGGER result_version_no_update BEFORE UPDATE ON result_version BEGIN SELECT RAISE(ABORT, 'result_version is append-only'); END;
CREATE TRIGGER result_version_no_delete BEFORE DELETE ON result_version BEGIN SELECT RAISE(ABORT, 'result_version is append-only'); END;
COMMIT;
