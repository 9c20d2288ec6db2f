import type { Words } from './words.ts'

export const de: Words = {
  plugin: {
    social_login: 'Anmelden mit',
    social_login_with: 'Anmelden mit {network}',
    social_link: 'Konten verknüpfen',
    social_link_with: '{network} verknüpfen',
    linked: 'Verknüpft',
    unlink: 'Trennen',
    unlink_with: 'Trennen: {network}',
    more: 'Weitere Netzwerke',
    close: 'Schließen',
    busy: 'Weiter geht es im Fenster von {network}.',
    closed: 'Das Fenster ist geschlossen. Wählen Sie ein Netzwerk, um es noch einmal zu versuchen.',
    done: 'Fertig. Einen Moment…',
    none: 'Hier ist noch kein Netzwerk eingerichtet.',
  },
  page: {
    login: 'Bei {site} anmelden',
    loginWhy: 'Wählen Sie das Netzwerk, mit dem Sie sich anmelden möchten.',
    link: 'Ihre Konten bei {site}',
    linkWhy: 'Verknüpfen Sie die Netzwerke, die Sie mit {site} nutzen möchten.',
    proceed: 'Konten verknüpfen',
    proceedWhy:
      '{site} lädt Sie ein, Ihre Konten zu verknüpfen. Diese Adresse gilt einmal und ist nur für Sie bestimmt.',
    spent: 'Diese Adresse gilt nicht mehr',
    spentWhy: 'Sie wurde schon benutzt, oder ihre Zeit ist abgelaufen. Bitten Sie {site} um eine neue.',
    wrong: 'Etwas ist schiefgegangen',
    finish: 'Fertig',
    finishedWhy: 'Sie können dieses Fenster schließen.',
  },
}
