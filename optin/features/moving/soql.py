"""What to export: the query of each object, as Data Loader takes it. Pure."""

from optin.features.moving.terms import ExportObject

QUERIES = {
    ExportObject.KEYWORD: "SELECT Id, Name FROM TwilioSF__Opt_In_Keyword__c",
    ExportObject.CONTACT: "SELECT Id, FirstName, LastName, MobilePhone, Email, Account.Name, Description FROM Contact",
    ExportObject.LEAD: "SELECT Id, FirstName, LastName, MobilePhone, Email, Company, Description, "
    "ConvertedContactId FROM Lead",
    ExportObject.OPT_IN: "SELECT Id, TwilioSF__UniqueId__c, TwilioSF__Opt_In_Phone_Number_Unformatted__c, "
    "TwilioSF__Opt_In_Keyword__c, TwilioSF__Opt_In_Keyword__r.Name, TwilioSF__Active__c, "
    "TwilioSF__Opt_In_Date_Time__c, TwilioSF__Opt_Out_Date_Time__c, TwilioSF__Contact__c, TwilioSF__Lead__c, "
    "CreatedDate FROM TwilioSF__Opt_In__c",
    ExportObject.CAMPAIGN: "SELECT Id, Name, Description, Status, TwilioSF__Opt_In_Keyword__c, "
    "TwilioSF__Opt_In_Keyword__r.Name FROM Campaign",
    ExportObject.MEMBER: "SELECT Id, CampaignId, ContactId, LeadId FROM CampaignMember",
    ExportObject.MESSAGE: "SELECT Id, TwilioSF__External_Id__c, TwilioSF__Direction__c, TwilioSF__Body__c, "
    "TwilioSF__To_Number__c, TwilioSF__From_Number__c, TwilioSF__Status__c, CreatedDate FROM TwilioSF__Message__c "
    "ORDER BY CreatedDate",
}
