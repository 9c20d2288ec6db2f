import type { Words } from './words.ts'

export const fr: Words = {
  plugin: {
    social_login: 'Se connecter avec',
    social_login_with: 'Se connecter avec {network}',
    social_link: 'Associer vos comptes',
    social_link_with: 'Associer {network}',
    linked: 'Associé',
    unlink: 'Dissocier',
    unlink_with: 'Dissocier {network}',
    more: 'Autres réseaux',
    close: 'Fermer',
    busy: 'Continuez dans la fenêtre de {network}.',
    closed: 'La fenêtre est fermée. Choisissez un réseau pour réessayer.',
    done: 'C’est fait. Un instant…',
    none: 'Aucun réseau n’est encore configuré ici.',
  },
  page: {
    login: 'Se connecter à {site}',
    loginWhy: 'Choisissez le réseau avec lequel vous voulez vous connecter.',
    link: 'Vos comptes chez {site}',
    linkWhy: 'Associez les réseaux que vous voulez utiliser avec {site}.',
    proceed: 'Associer vos comptes',
    proceedWhy:
      '{site} vous invite à associer vos comptes. Cette adresse ne sert qu’une fois et n’est destinée qu’à vous.',
    spent: 'Cette adresse n’est plus valable',
    spentWhy: 'Elle a déjà servi, ou son délai est passé. Demandez-en une nouvelle à {site}.',
    wrong: 'Un problème est survenu',
    finish: 'Terminer',
    finishedWhy: 'Vous pouvez fermer cette fenêtre.',
  },
}
